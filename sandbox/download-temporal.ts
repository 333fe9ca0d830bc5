/** Run as a program: has the Temporal SDK download its CLI into the directory that is the only argument. */
import { TestWorkflowEnvironment } from '@temporalio/testing';

const [downloadDir] = process.argv.slice(2);
if (downloadDir === undefined) throw new Error('usage: download-temporal <directory>');
const environment = await TestWorkflowEnvironment.createLocal({
  server: { executable: { type: 'cached-download', downloadDir }, log: { format: 'json', level: 'error' } },
});
await environment.teardown();
