export type { JsonObject, JsonValue } from "../canonical/tagged-json.ts";
export type {
  Engine,
  EngineLink,
  EngineNews,
  EngineServer,
  JobEnding,
  JobState,
  QueuedJob,
  QueueLimits,
  RunPlace,
  ServedJob,
  ServeOptions,
} from "../engine/engine.ts";
export { EngineUnreachableError } from "../errors/worker-errors.ts";
export { type RunWorkerOptions, runWorker } from "../serving/run-worker.ts";
export type { WorkerEnd } from "../serving/serve-worker.ts";
