/** Run by {@link workflowBundle} in a process of its own, with the file to write. */
import { bundleInto } from './workflow-bundle.ts';

const [file] = process.argv.slice(2);
if (!file) throw new Error('bundle-workflows: name the file to write');
await bundleInto(file);
