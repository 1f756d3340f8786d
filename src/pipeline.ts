export {
  GenerateTimeoutError,
  InvalidRunOptionsError,
  InvalidSweepError,
  MissingPeerError,
  RunCancelledError,
  RunFailedError,
  type RunFailure,
  type RunResult,
  UpstreamFailedError,
} from "./errors/pipeline-errors.ts";
export type { RunEvent } from "./events/run-event.ts";
export {
  type Axis,
  axis,
  type Continuous,
  type Fixed,
  fixed,
  linear,
  logarithmic,
  logUniform,
  uniform,
} from "./pipeline/axis.ts";
export type { Expectation } from "./pipeline/expectation.ts";
export type { Grid, GridPath, Point, SweptDefinition } from "./pipeline/grid.ts";
export type { CauseValue, MissCause } from "./pipeline/miss-causes.ts";
export { type Plan, type PlanOptions, plan } from "./pipeline/plan.ts";
export type { Targets } from "./pipeline/plan-graph.ts";
export type { PlanCounts, PlanNode } from "./pipeline/planned-node.ts";
export { type Sweep, type SweepExpectation, sweep } from "./pipeline/sweep.ts";
export type { SampleOptions, SweepOptions } from "./pipeline/sweep-options.ts";
