import type { Address } from "../address/address.ts";
import type { PersistableEvent } from "../events/event.ts";
import type { Logger, LogLevel } from "../events/logger.ts";
import type { Secret } from "../params/secret.ts";
import { describeEvent } from "./describe-event.ts";
import { createRedactor } from "./redact-secrets.ts";

/** What happens to one persistable is told here, once, and read by the user's listener and by the logger. */
export interface SessionOptions {
  readonly name: string;
  readonly address: Address;
  /** The listener, the user's own logger (or none, for the log file beside the artifacts), verbosity. */
  readonly surroundings: {
    readonly onEvent: ((event: PersistableEvent) => void) | undefined;
    readonly logger: Logger | undefined;
    readonly verbose: boolean;
    readonly hasListener: boolean;
  };
  readonly secrets: readonly Secret<unknown>[];
  /** What the two opening lines say; asked for when the first line is written. */
  readonly opening: () => { readonly storeUrl: string; readonly params: string; readonly recordFile: string };
  /** Appends lines to the log file; undefined where the store is no folder on this machine. */
  readonly writeFile: () => ((text: string) => void) | undefined;
}

type EventBody<Event> = Event extends PersistableEvent ? Omit<Event, "name" | "address"> : never;

const FILE_QUIET = new Set<PersistableEvent["type"]>(["hit", "loading"]);

/** Tells events to their readers. Hits write no log file: they are quicker than the line would be. */
export class Session {
  readonly #options: SessionOptions;
  #opened = false;
  #fileOpened = false;
  #redact: ((text: string) => string) | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  tell(body: EventBody<PersistableEvent>): void {
    const { name, address, surroundings } = this.#options;
    if (!this.#opened && surroundings.hasListener) this.#open();
    const event = { name, address, ...body } as PersistableEvent;
    surroundings.onEvent?.(event);
    const { level, where, message, fields } = describeEvent(event);
    this.#log(level, where, message, fields, !FILE_QUIET.has(event.type));
  }

  /** The logger that hooks are handed. */
  get log(): Logger {
    const write = (level: LogLevel) => (message: string, fields?: object) =>
      this.#log(level, "generate", message, fields ?? {}, true);
    return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
  }

  /** The opening lines come before the first event, not at construction, since a dependency learns only later where it lives. */
  #open(): void {
    this.#opened = true;
    this.tell({ type: "constructed", ...this.#options.opening() });
  }

  #log(level: LogLevel, where: string, rawMessage: string, fields: object, inFile: boolean): void {
    const message = this.#redacted(rawMessage);
    const { name, surroundings } = this.#options;
    const { logger, verbose } = surroundings;
    if (logger !== undefined) {
      callLogger(logger, level, message, fields);
      return;
    }
    const line = logLine(name, where, level, message);
    // A failure is thrown as well: whoever catches it decides whether it is shown.
    if (verbose || level === "warn") process.stderr.write(line);
    if (inFile && level !== "debug") this.#appendFile(line, where);
  }

  #appendFile(line: string, where: string): void {
    const write = this.#options.writeFile();
    if (write === undefined) return;
    if (!this.#fileOpened) {
      this.#fileOpened = true;
      if (where !== "constructor") {
        const { message } = describeEvent({
          type: "constructed",
          name: this.#options.name,
          address: this.#options.address,
          ...this.#options.opening(),
        });
        write(logLine(this.#options.name, "constructor", "info", this.#redacted(message)));
      }
    }
    write(line);
  }

  #redacted(text: string): string {
    this.#redact ??= createRedactor(this.#options.secrets);
    return this.#redact(text);
  }
}

/** pino takes the fields first, everybody else the message. */
function callLogger(logger: Logger, level: LogLevel, message: string, fields: object): void {
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
    .map((line) => `${time} - ${escapeLine(name)} - ${where} - ${LEVEL_NAMES[level]} - ${escapeLine(line)}\n`);
  return lines.join("");
}

const LEVEL_NAMES: Readonly<Record<LogLevel, string>> = {
  debug: "DEBUG",
  info: "INFO",
  warn: "WARNING",
  error: "ERROR",
};

/** A value with a line break in it must not look like a log line of its own. */
function escapeLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped
  return text.replaceAll(/[\u0000-\u0008\u000a-\u001f\u007f\u2028\u2029]/g, (char) =>
    JSON.stringify(char)
      .slice(1, -1)
      .replace(/^[\u007f\u2028\u2029]$/, (raw) => `\\u${raw.charCodeAt(0).toString(16).padStart(4, "0")}`),
  );
}
