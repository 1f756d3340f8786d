export type { Engine } from "../engine/engine.ts";
export type { DescribedError } from "../errors/described-error.ts";
export { MissingPeerError } from "../errors/peer-errors.ts";
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
} from "../errors/pipeline-errors.ts";
export { NewerPackError } from "../errors/record-errors.ts";
export {
  EmbeddedServerError,
  EngineUnreachableError,
  NoWorkersError,
  UnshareableError,
  VersionSkewError,
  WorkerCrashedError,
  WorkerLostError,
  WorkerModuleError,
} from "../errors/worker-errors.ts";
export type { RunEvent } from "../events/run-event.ts";
export type { RetryOptions } from "../persistable/declare/declaration.ts";
export { ArtifactTable, type ArtifactTableCsvOptions } from "../pipeline/collect/artifact-table.ts";
export { type CollectOptions, collect } from "../pipeline/collect/collect.ts";
export type { ArtifactColumns, FlatParams, Row } from "../pipeline/collect/row.ts";
export type { ArtifactDifference, Difference } from "../pipeline/compare/artifact-difference.ts";
export { type ComparedRow, diffAll, type RecordComparison } from "../pipeline/compare/diff-all.ts";
export { diff } from "../pipeline/compare/diff-artifacts.ts";
export { findNearest, type NearestOptions, type Neighbor } from "../pipeline/compare/find-nearest.ts";
export { type MapDefinition, persistableMap } from "../pipeline/map/define-map.ts";
export type {
  BatchContext,
  ItemsProgress,
  LoadItemsOptions,
  PersistableMapDefinition,
} from "../pipeline/map/map-definition.ts";
export { PersistableMap } from "../pipeline/map/persistable-map.ts";
export type { Expectation } from "../pipeline/plan/estimate.ts";
export type { CauseValue, MissCause, MissCauseJson } from "../pipeline/plan/miss-causes.ts";
export type { PlanNodeJson } from "../pipeline/plan/node-to-json.ts";
export { type Plan, type PlanJson, type PlanOptions, plan } from "../pipeline/plan/plan.ts";
export type { Targets } from "../pipeline/plan/plan-graph.ts";
export type { PlanCounts, PlanNode } from "../pipeline/plan/planned-node.ts";
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
} from "../pipeline/sweep/axis.ts";
export type { Grid, GridPath, Point, SweptDefinition } from "../pipeline/sweep/grid.ts";
export {
  type Sweep,
  type SweepExpectation,
  type SweepJson,
  type SweepTargetJson,
  sweep,
} from "../pipeline/sweep/sweep.ts";
export type { SampleOptions, SweepOptions } from "../pipeline/sweep/sweep-options.ts";
export { type FailureRecord, readFailure } from "../runner/failure-record.ts";
export { type JsonLines, type LineTarget, openJsonLines } from "../runner/json-lines.ts";
export { listRuns, readRun } from "../runner/list-runs.ts";
export { run } from "../runner/run.ts";
export type { RateLimit, RunListener, RunOptions } from "../runner/run-options.ts";
export type { RunRecord, RunRecordNode } from "../runner/run-record.ts";
export { type WatchedEvent, type WatchRunOptions, watchRun } from "../runner/watch-run.ts";
