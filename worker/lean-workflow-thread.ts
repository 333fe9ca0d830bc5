/**
 * For `node --import`: spares the thread that runs workflows what costs it a third of its processor time, and this project
 * nothing to be without ([decision 12](../docs/decisions/0012-what-the-workflow-thread-is-spared.md)). Around each call into the
 * sandbox the SDK starts a thread that would end an endless loop; of each promise it keeps a stack trace for the query
 * `__stack_trace`. Errors keep theirs.
 */
import v8 from 'node:v8';
import vm from 'node:vm';
import { isMainThread } from 'node:worker_threads';

if (!isMainThread) {
  v8.promiseHooks.createHook = () => () => undefined;
  const { runInContext } = vm.Script.prototype;
  vm.Script.prototype.runInContext = function (this: vm.Script, context, { timeout: _, ...options } = {}) {
    return runInContext.call(this, context, options);
  };
}
