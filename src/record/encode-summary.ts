import { encodeTagged, type JsonValue } from "../canonical/tagged-json.ts";
import { UnsupportedValueError } from "../errors/params-errors.ts";
import { formatPath } from "../errors/value-path.ts";
import { isPlainObject } from "../util/fields-of.ts";
import { isSummaryValue, type SummaryValue } from "./summary-value.ts";

const MAX_SUMMARY_BYTES = 64 * 1024;

/**
 * A summary as the record holds it.
 *
 * @param redact - takes secrets out of text
 * @throws {@link UnsupportedValueError} if it is not a plain object of scalars, or is larger than
 * 64 kB
 */
export function encodeSummary(summary: unknown, redact: (text: string) => string): JsonValue {
  if (typeof summary !== "object" || summary === null || !isPlainObject(summary)) {
    throw new UnsupportedValueError("summary", describeKind(summary), "Give a plain object: { mean: 0.5, n: 100 }.");
  }
  const redacted = Object.entries(summary).map(([key, value]): [string, SummaryValue] => {
    if (isSummaryValue(value)) return [redact(key), typeof value === "string" ? redact(value) : value];
    throw new UnsupportedValueError(
      formatPath("summary", [redact(key)]),
      describeKind(value),
      "A summary holds text, numbers, booleans, null and dates; everything else belongs into the payload.",
    );
  });
  const encoded = encodeTagged(Object.fromEntries(redacted), { root: "summary" });
  const sizeBytes = Buffer.byteLength(JSON.stringify(encoded));
  if (sizeBytes <= MAX_SUMMARY_BYTES) return encoded;
  throw new UnsupportedValueError(
    "summary",
    `${sizeBytes} bytes of JSON, and a record takes at most ${MAX_SUMMARY_BYTES}`,
    "Leave what is large in the payload.",
  );
}

function describeKind(value: unknown): string {
  if (typeof value !== "object") return value === undefined ? "undefined" : `a ${typeof value}`;
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : isPlainObject(value) ? "an object" : "an instance of a class";
}
