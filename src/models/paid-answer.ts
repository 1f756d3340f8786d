import { messageOf } from "../errors/error-kind.ts";
import type { LiveCall } from "./call-definition.ts";

/** Returns the answer of the model if only storing it has failed: the caller has paid for it. */
export function paidAnswer(error: unknown, live: LiveCall): unknown {
  if (!live.hasAsked || typeof error !== "object" || error === null || !("payload" in error)) return undefined;
  if (error.payload === undefined) return undefined;
  live.why = messageOf(error);
  process.emitWarning(`An answer of a model is not persisted: ${live.why}`, "PersistableWarning");
  return error.payload;
}
