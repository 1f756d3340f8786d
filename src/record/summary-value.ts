/** A value of a {@link PayloadSummary}: a number, a word, or a time. */
export type SummaryValue = string | number | boolean | null | Date;

/**
 * Small numbers and words about a payload, recorded beside it, so that a table of many artifacts
 * need not read their payloads.
 */
export type PayloadSummary = Readonly<Record<string, SummaryValue>>;

/** Whether a summary may hold it. */
export function isSummaryValue(value: unknown): value is SummaryValue {
  if (typeof value === "object") return value === null || value instanceof Date;
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
