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
export type { Expectation } from "./pipeline/expectation.ts";
export type { CauseValue, MissCause } from "./pipeline/miss-causes.ts";
export { type Plan, type PlanOptions, plan } from "./pipeline/plan.ts";
export type { Targets } from "./pipeline/plan-graph.ts";
export type { PlanCounts, PlanNode } from "./pipeline/planned-node.ts";
