import type { JsonObject, JsonValue } from "../canonical/tagged-json.ts";
import type { JobEnding } from "../engine/engine.ts";

/**
 * A message of a worker to a process that generates for it. `losses` is the number of workers that
 * were lost with the node before.
 */
export type MessageToChild =
  | { readonly kind: "begin"; readonly file: string; readonly dataDir: string; readonly worker: string }
  | { readonly kind: "run"; readonly data: JsonValue; readonly losses: number }
  | { readonly kind: "abort" };

/**
 * An answer of a process that generates for a worker. `ready` names the pools of the definitions of
 * the module. After `unready`, the process cannot do any job. `skewed` ends a job that its
 * definitions cannot build.
 */
export type MessageOfChild =
  | { readonly kind: "ready"; readonly pools: readonly string[] }
  | { readonly kind: "unready"; readonly message: string }
  | { readonly kind: "event"; readonly event: JsonObject }
  | { readonly kind: "ended"; readonly ending: JobEnding }
  | { readonly kind: "skewed"; readonly message: string };
