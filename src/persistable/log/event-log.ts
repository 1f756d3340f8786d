import type { Address } from "../../address/address.ts";
import { visibleLine, visibleText } from "../../errors/visible-text.ts";
import type { PersistableEvent, ProgressEvent } from "../../events/event.ts";
import type { Logger, LogLevel } from "../../events/logger.ts";
import { writeQuietly } from "../../util/write-quietly.ts";
import { asText } from "../secrets/describe-thrown.ts";
import type { Redaction } from "../secrets/redaction.ts";
import { describeEvent } from "./describe-event.ts";

/** What the log of one persistable is made of. */
export interface SessionOptions {
  readonly name: string;
  readonly address: Address;
  /** The user's own logger (or none, for the log file beside the artifacts), verbosity. */
  readonly surroundings: {
    readonly logger: Logger | undefined;
    readonly verbose: boolean;
  };
  /** Takes secrets out of what a hook asks for; an event comes without them. */
  readonly redaction: () => Redaction;
  /** What the two opening lines say; asked for when the first line is written. */
  readonly opening: () => PersistableEvent;
  /** Appends lines to the log file; undefined where the store is no folder on this machine. */
  readonly writeFile: () => ((text: string) => void) | undefined;
}

const PROGRESS_INTERVAL_MS = 1000;
const FILE_QUIET = new Set<PersistableEvent["type"]>(["hit", "loading", "progress"]);

/** Writes the log of one persistable. Hits write no log file: they are quicker than the line would be. */
export class Session {
  readonly #options: SessionOptions;
  #fileOpened = false;
  #nextProgressMs = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** The lines of an event. */
  write(event: PersistableEvent): void {
    if (event.type === "progress" && !this.#isDue(event)) return;
    const { level, where, message, fields } = describeEvent(event);
    this.#log(level, where, message, fields, !FILE_QUIET.has(event.type));
  }

  /** A generator may tell its progress a million times: its end has a line, and before that one a second is enough to read. */
  #isDue({ done, total }: ProgressEvent): boolean {
    const nowMs = performance.now();
    if (nowMs < this.#nextProgressMs && done !== total) return false;
    this.#nextProgressMs = nowMs + PROGRESS_INTERVAL_MS;
    return true;
  }

  /** A line that a hook asked for. */
  writeLine(level: LogLevel, message: string, fields: object): void {
    const redaction = this.#options.redaction();
    this.#log(level, "generate", redaction.text(asText(message)), redaction.value(fields), true);
  }

  #log(level: LogLevel, where: string, rawMessage: string, fields: object, inFile: boolean): void {
    const message = visibleText(rawMessage);
    const { name, surroundings } = this.#options;
    const { logger, verbose } = surroundings;
    if (logger !== undefined) {
      callLogger(logger, level, message, fields);
      return;
    }
    const line = logLine(name, where, level, message);
    // A failure is thrown as well: whoever catches it decides whether it is shown.
    if (verbose || level === "warn") writeQuietly(process.stderr, line);
    if (inFile && level !== "debug") this.#appendFile(line, where);
  }

  #appendFile(line: string, where: string): void {
    const write = this.#options.writeFile();
    if (write === undefined) return;
    if (!this.#fileOpened) {
      this.#fileOpened = true;
      if (where !== "constructor") {
        const { message } = describeEvent(this.#options.opening());
        write(logLine(this.#options.name, "constructor", "info", message));
      }
    }
    write(line);
  }
}

/** pino takes the fields first, everybody else the message. */
export function callLogger(logger: Logger, level: LogLevel, message: string, fields: object): void {
  const isPino = "bindings" in logger && "child" in logger;
  if (isPino)
    (logger as unknown as Record<LogLevel, (fields: object, message: string) => void>)[level](fields, message);
  else logger[level](message, fields);
}

/** `time - name - function - LEVEL - message`, one line each however many the message has. */
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
