export type { DescribedError } from "./errors/described-error.ts";
export { MissingPeerError } from "./errors/peer-errors.ts";
export {
  BatchFailedError,
  GenerateTimeoutError,
  InvalidRunOptionsError,
  InvalidSweepError,
  InvalidTableError,
  RunCancelledError,
  RunFailedError,
  type RunFailure,
  type RunResult,
  UpstreamFailedError,
} from "./errors/pipeline-errors.ts";
export { NewerPackError } from "./errors/record-errors.ts";
export { UnshareableError, WorkerCrashedError, WorkerModuleError } from "./errors/worker-errors.ts";
export type { RunEvent } from "./events/run-event.ts";
export type { RetryOptions } from "./persistable/declaration.ts";
export type { ArtifactDifference, Difference } from "./pipeline/artifact-difference.ts";
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
export { type CollectOptions, collect } from "./pipeline/collect.ts";
export { diff } from "./pipeline/diff-artifacts.ts";
export type { Expectation } from "./pipeline/expectation.ts";
export { findNearest, type NearestOptions, type Neighbor } from "./pipeline/find-nearest.ts";
export type { Grid, GridPath, Point, SweptDefinition } from "./pipeline/grid.ts";
export type {
  BatchContext,
  ItemsProgress,
  LoadItemsOptions,
  PersistableMapDefinition,
} from "./pipeline/map-definition.ts";
export type { CauseValue, MissCause } from "./pipeline/miss-causes.ts";
export { PersistableMap, persistableMap } from "./pipeline/persistable-map.ts";
export { type Plan, type PlanOptions, plan } from "./pipeline/plan.ts";
export type { Targets } from "./pipeline/plan-graph.ts";
export type { PlanCounts, PlanNode } from "./pipeline/planned-node.ts";
export type { ArtifactColumns, FlatParams, Row } from "./pipeline/row.ts";
export { type Sweep, type SweepExpectation, sweep } from "./pipeline/sweep.ts";
export type { SampleOptions, SweepOptions } from "./pipeline/sweep-options.ts";
export { type CsvOptions, Table } from "./pipeline/table.ts";
export { type FailureRecord, readFailure } from "./runner/failure-record.ts";
export { type JsonLines, type LineTarget, openJsonLines } from "./runner/json-lines.ts";
export { run } from "./runner/run.ts";
export type { RateLimit, RunListener, RunOptions } from "./runner/run-options.ts";
export { listRuns, type RunRecord, type RunRecordNode } from "./runner/run-record.ts";
