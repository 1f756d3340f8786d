import { visibleLine, visibleText } from "../../errors/visible-text.ts";
import type { PersistableEvent, ProgressEvent } from "../../events/event.ts";
import type { Logger, LogLevel } from "../../events/logger.ts";
import { writeQuietly } from "../../util/write-quietly.ts";
import { isAnonymous } from "../declare/declaration.ts";
import type { EventLog, State } from "../declare/state.ts";
import { asText } from "../secrets/describe-thrown.ts";
import { redactionOf } from "../secrets/redaction.ts";
import { describeEvent } from "./describe-event.ts";
import { appendLog, logFileOf } from "./log-file.ts";
import { FILE_QUIET, openingOf } from "./opening-of.ts";

const PROGRESS_INTERVAL_MS = 1000;

/**
 * Returns the log of a persistable. It is made on first use, since most that only hit never need
 * one.
 */
export function eventLogOf(state: State): EventLog {
  state.log ??= new EventWriter(state);
  return state.log;
}

/** Writes to the user's logger, or else to standard error (if asked to) and to the log file. */
class EventWriter implements EventLog {
  readonly #state: State;
  #isFileOpened = false;
  #nextProgressMs = 0;

  constructor(state: State) {
    this.#state = state;
  }

  write(event: PersistableEvent): void {
    if (event.type === "progress" && !this.#isDue(event)) return;
    const { level, where, message, fields } = describeEvent(event);
    this.#log(level, where, message, fields, !FILE_QUIET.has(event.type));
  }

  /**
   * A generator may report its progress a million times: one line a second and one at the end are
   * enough.
   */
  #isDue({ done, total }: ProgressEvent): boolean {
    const nowMs = performance.now();
    if (nowMs < this.#nextProgressMs && done !== total) return false;
    this.#nextProgressMs = nowMs + PROGRESS_INTERVAL_MS;
    return true;
  }

  /**
   * Writes a line of a hook. Its secrets are taken out here; those of an event were taken out
   * before.
   */
  writeLine(level: LogLevel, message: string, fields: object): void {
    const redaction = redactionOf(this.#state);
    this.#log(level, "generate", redaction.text(asText(message)), redaction.value(fields), true);
  }

  #log(level: LogLevel, where: string, rawMessage: string, fields: object, inFile: boolean): void {
    const { logger, verbose } = this.#state.surroundings;
    if (logger !== undefined) {
      callLogger(logger, level, visibleText(rawMessage), fields);
      return;
    }
    // A failure is not printed here: it is thrown as well, and the caller decides whether to show
    // it.
    const isPrinted = verbose || level === "warn";
    const file = inFile && level !== "debug" ? logFileOf(this.#state) : undefined;
    if (!isPrinted && file === undefined) return;
    const line = logLine(this.#state.recipe.name, where, level, visibleText(rawMessage));
    if (isPrinted) writeQuietly(process.stderr, line);
    if (file !== undefined) this.#appendFile(file, line);
  }

  /** Each session of a log file begins with its opening lines. */
  #appendFile(file: string, line: string): void {
    const { recipe, surroundings } = this.#state;
    const maxBytes = surroundings.log ? surroundings.log.maxBytes : undefined;
    if (this.#isFileOpened) {
      appendLog(file, line, maxBytes);
      return;
    }
    this.#isFileOpened = true;
    const opening = openingOf(this.#state);
    const isHidden = opening.type === "constructed" && isAnonymous(this.#state.declaration);
    const { level, where, message } = describeEvent(isHidden ? { ...opening, storeUrl: "anonymous" } : opening);
    appendLog(file, logLine(recipe.name, where, level, message) + line, maxBytes);
  }
}

/** pino takes the fields first, other loggers the message. */
export function callLogger(logger: Logger, level: LogLevel, message: string, fields: object): void {
  const isPino = "bindings" in logger && "child" in logger;
  if (isPino)
    (logger as unknown as Record<LogLevel, (fields: object, message: string) => void>)[level](fields, message);
  else logger[level](message, fields);
}

/** `time - name - function - LEVEL - message`, repeated for each line of the message. */
function logLine(name: string, where: string, level: LogLevel, message: string): string {
  const time = new Date().toISOString().replace("T", " ").replace(".", ",").replace("Z", "");
  const lines = message
    .split("\n")
    .map((line) => `${time} - ${visibleLine(name)} - ${where} - ${LEVEL_NAMES[level]} - ${visibleLine(line)}\n`);
  return lines.join("");
}

const LEVEL_NAMES: Readonly<Record<LogLevel, string>> = {
  debug: "DEBUG",
  info: "INFO",
  warn: "WARNING",
  error: "ERROR",
};
