/** Writes the workflow bundle to standard output; run by `npm run build`, and where a checkout runs from its sources. */
import { bundleWorkflowCode } from '@temporalio/worker';
import { BUNDLING, withoutSources } from './bundling.ts';
import { createLogger, temporalLogger } from './logger.ts';

const { code } = await bundleWorkflowCode({ ...BUNDLING, logger: temporalLogger(createLogger('warn')) });
process.stdout.write(withoutSources(code));
