import { isJsonObject, type JsonObject, type JsonValue } from "../../canonical/tagged-json.ts";

/** Characters that PostgreSQL does not take in JSON: zero, and halves of a surrogate pair. */
const REFUSED = /\\u(0000|d[89a-f])/;
/** The field that holds JSON as a text. */
const FIELD = "$json";

/** Prepares JSON for a queue: as a text if it has characters that the server may refuse. */
export function toQueue(json: JsonObject): JsonObject {
  const text = JSON.stringify(json);
  return REFUSED.test(text) || FIELD in json ? { [FIELD]: text } : json;
}

/** Returns what `toQueue` was given. BullMQ hands out values that it has parsed from JSON. */
export function fromQueue(value: unknown): JsonValue {
  const json: JsonValue = value === undefined ? null : JSON.parse(JSON.stringify(value));
  const text = isJsonObject(json) ? json[FIELD] : undefined;
  return typeof text === "string" ? JSON.parse(text) : json;
}

/** A message as it may stand in a queue, for the eyes of people. */
export function shownText(message: string): string {
  return message.replaceAll("\u0000", "\ufffd");
}
