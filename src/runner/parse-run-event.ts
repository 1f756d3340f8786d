import { isAddress } from "../address/address-of.ts";
import type { RunEvent } from "../events/run-event.ts";
import { isAmount, isAmounts, isCount, isFields, isText, type JsonFields } from "../util/json/checks.ts";
import { describedErrorOf } from "./read-note.ts";

type Check = (value: unknown) => boolean;

const isAnyText: Check = (value) => isText(value);
const isDone: Check = (value) => typeof value === "number" || isText(value);
const isLevel: Check = oneOf("debug", "info", "warn", "error");
const isNode = { index: isCount, name: isText, address: isAddress };

/** The fields of each event that a journal may have; those with a question mark may be absent. */
const FIELDS: { readonly [Type in RunEvent["type"]]: Readonly<Record<string, Check>> } = {
  planned: {
    ...{ nodes: isCount, hits: isCount, misses: isCount, concurrency: isDone },
    ...{ "expectedMs?": isAmount, "criticalPathMs?": isAmount, "expectedCost?": isAmounts },
  },
  started: {
    ...isNode,
    ...{ params: isAnyText, attempt: isCount, "expectedMs?": isAmount },
    ...{ slot: isCount, waitedMs: isAmount, dependencies: isDependencies, "worker?": isText },
  },
  progress: { ...isNode, done: isDone, "total?": isDone, "note?": isText },
  log: { ...isNode, lines: isLines, "omitted?": isCount, "worker?": isText },
  waiting: { ...isNode, owner: isText },
  takeover: { ...isNode, owner: isText, "silentMs?": isAmount },
  corrupt: { ...isNode, file: isText, problem: isText, "quarantine?": isText },
  hit: { ...isNode, "savedMs?": isAmount },
  generated: { ...isNode, durationMs: isAmount, attempt: isCount, "sizeBytes?": isCount, "cost?": isAmounts },
  failed: { ...isNode, error: isError, attempt: isCount, durationMs: isAmount, "failureFile?": isText },
  retried: { ...isNode, error: isError, attempt: isCount, delayMs: isAmount },
  cancelled: { ...isNode, reason: oneOf("aborted", "stopped", "upstream-failed"), "because?": isAddress },
  finished: {
    state: oneOf("completed", "failed", "cancelled"),
    ...{ durationMs: isAmount, hits: isCount, generated: isCount, failed: isCount, cancelled: isCount },
    ...{ savedMs: isAmount, cost: isAmounts },
  },
};

/**
 * An event from a line of a journal, with the fields that it should have and no others; `undefined`
 * for a line that is damaged, or of a kind that only a newer release knows.
 */
export function parseRunEvent(fields: JsonFields): RunEvent | undefined {
  const { type, runId, atMs } = fields;
  if (!isText(type) || !isEventType(type) || !isText(runId) || !isAmount(atMs)) return undefined;
  const event: Record<string, unknown> = { type, runId, atMs };
  for (const [key, check] of Object.entries(FIELDS[type])) {
    const field = key.replace("?", "");
    const value = fields[field];
    if (value === undefined && key !== field) continue;
    if (!check(value)) return undefined;
    event[field] = field === "error" ? describedErrorOf(value) : value;
  }
  // JSON has no infinite number, so an unlimited concurrency was written as text.
  if (type === "planned" && isText(event.concurrency)) event.concurrency = Number(event.concurrency);
  const parsed: unknown = event;
  return parsed as RunEvent;
}

function isEventType(type: string): type is RunEvent["type"] {
  return Object.hasOwn(FIELDS, type);
}

function isError(value: unknown): boolean {
  return describedErrorOf(value) !== undefined;
}

function isDependencies(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => isFields(item) && isText(item.name) && isAddress(item.address));
}

function isLines(value: unknown): boolean {
  return Array.isArray(value) && value.every((line) => isFields(line) && isLevel(line.level) && isText(line.message));
}

function oneOf(...values: readonly unknown[]): Check {
  return (value) => values.includes(value);
}
