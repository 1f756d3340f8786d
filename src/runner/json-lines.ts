import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { isError, messageOf } from "../errors/error-kind.ts";
import type { RunEvent } from "../events/run-event.ts";
import { describeThrown } from "../persistable/secrets/describe-thrown.ts";
import { keepText } from "../persistable/secrets/redact-secrets.ts";
import { fieldsOf } from "../util/fields-of.ts";

/** A file, to which lines are appended, or a function that gets each line with its line break. */
export type LineTarget = string | URL | ((line: string) => void);

/** A reader of events that writes them. */
export interface JsonLines {
  /** Give it to `run`. */
  readonly onEvent: (event: RunEvent) => void;
  close(): void;
}

/**
 * Writes each event of a run as one line of JSON. A line is in the file before the next event, so
 * the file of a run that was killed is complete. No line has a secret in it, since no event has. A
 * file that can no longer be written, or a pipe without a reader, does not end the run.
 *
 * @throws the system's error if the file cannot be opened
 *
 * @example
 * ```ts
 * import { openJsonLines, run } from "persistable-ts/pipeline";
 * import { study } from "./pipeline.ts";
 *
 * const lines = openJsonLines("run.jsonl");
 * await run(study, { onEvent: lines.onEvent });
 * lines.close();
 * ```
 */
export function openJsonLines(target: LineTarget): JsonLines {
  if (typeof target === "function") return { onEvent: (event) => target(lineOf(event)), close: () => {} };
  if (typeof target === "string") mkdirSync(dirname(target), { recursive: true });
  const file = new LineFile(target, openSync(target, "a"));
  return { onEvent: (event) => file.append(lineOf(event)), close: () => file.close() };
}

/** A file to which lines are appended until that fails once. */
export class LineFile {
  readonly #target: string | URL;
  #file: number | undefined;

  /** @param file - a descriptor, which `close` closes */
  constructor(target: string | URL, file: number) {
    this.#target = target;
    this.#file = file;
  }

  append(line: string): void {
    if (this.#file === undefined) return;
    const bytes = Buffer.from(line);
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(this.#file, bytes, written);
    } catch (error) {
      warnOf(this.#target, error);
      this.close();
    }
  }

  close(): void {
    const open = this.#file;
    this.#file = undefined;
    if (open !== undefined) closeSync(open);
  }
}

/** A pipe whose reader has ended is usual, and not worth a warning. */
function warnOf(target: string | URL, error: unknown): void {
  const { code } = fieldsOf(error);
  if (code === "EPIPE") return;
  process.emitWarning(
    `The events of the run cannot be written to ${target} any more (${messageOf(error)}); the run goes on without them.`,
    "PersistableWarning",
  );
}

/** An event as one line of JSON, with its line break. */
export function lineOf(event: RunEvent): string {
  try {
    return `${JSON.stringify(event, replaceOdd)}\n`;
  } catch (error) {
    // The event has a loop, or a getter that throws. The line is written without it: a log never
    // ends a run.
    const { type, runId, atMs, name, address, index } = fieldsOf(event);
    const unwritable = isError(error) ? error.message : "unknown";
    return `${JSON.stringify({ type, runId, atMs, index, name, address, unwritable }, replaceOdd)}\n`;
  }
}

function replaceOdd(_key: string, value: unknown): unknown {
  // Runs describe errors as data, but other callers may not.
  if (isError(value)) return describeThrown(value, keepText);
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return value;
}
