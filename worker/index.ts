/** The program's door: run operators against a Kubernetes and a Temporal. */
export { runOperator, startOperators } from './run-operator.ts';
export type { AnyOperator, Running } from './run-operator.ts';
export type { Role, RunOptions } from './config.ts';
export { SetupError } from './setup-error.ts';
export { openTemporal } from './open-temporal.ts';
export { historiesOf, replay } from './replay.ts';
export type { RecordedHistory, ReplayOptions, ReplayVerdict } from './replay.ts';
export { workflowBundle } from './workflow-bundle.ts';
export { rolloutStatus, UPDATES } from '../workflows/messages.ts';
export type { CommandAnswer, Commands, CommandUpdate, RolloutStatus } from '../workflows/messages.ts';
export type { ApproveRequest, Asker, PauseRequest, RestartRequest } from '../core/commands/commands.ts';
