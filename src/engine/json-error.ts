import type { JsonObject } from "../canonical/tagged-json.ts";
import type { State } from "../persistable/declare/state.ts";
import { redactionOf } from "../persistable/secrets/redaction.ts";
import { type CarriedError, carryError, restoreError } from "../persistable/worker/carried-error.ts";

/** A text of an error is cut to this length, so that errors do not fill the queue. */
const MAX_TEXT = 8000;

/** Describes what was thrown as JSON for another machine, without the persistable's secrets. */
export function errorToJson(thrown: unknown, state: Pick<State, "secrets"> | undefined): JsonObject {
  const clean = state === undefined ? thrown : redactionOf(state).cause(thrown);
  return JSON.parse(JSON.stringify(carryError(clean), asJson));
}

/** Makes the error again that `errorToJson` described. */
export function errorFromJson(json: unknown): unknown {
  return isCarried(json) ? restoreError(json) : new Error("A worker has failed, and did not say how.");
}

function asJson(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  return typeof value === "string" && value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value;
}

function isCarried(json: unknown): json is CarriedError {
  if (typeof json !== "object" || json === null || !("kind" in json)) return false;
  if (json.kind === "value") return true;
  return json.kind === "error" && "fields" in json && typeof json.fields === "object" && json.fields !== null;
}
