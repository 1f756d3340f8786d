export {
  GenerateTimeoutError,
  InvalidRunOptionsError,
  MissingPeerError,
  RunCancelledError,
  RunFailedError,
  type RunFailure,
  type RunResult,
  UpstreamFailedError,
} from "./errors/pipeline-errors.ts";
export type { RunEvent } from "./events/run-event.ts";
export type { Targets } from "./pipeline/plan-graph.ts";
