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
  ServedJob,
  ServeOptions,
} from "../engine/engine.ts";
export { EngineUnreachableError } from "../errors/worker-errors.ts";
