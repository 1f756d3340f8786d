import { visibleText } from "../../errors/visible-text.ts";
import type { LogEvent, LoggedLine } from "../../events/event.ts";
import type { Logger, LogLevel } from "../../events/logger.ts";
import type { State } from "../declare/state.ts";
import { asText } from "../secrets/describe-thrown.ts";
import { redactionOf } from "../secrets/redaction.ts";

/** A generator may write a line a thousand times a second. No run needs that. */
const INTERVAL_MS = 1000;
/** Longer text is cut, and lines that come after it within the interval are left out. */
const MOST_CHARS = 4000;

/** Tells a run what a generator writes with `log`, at most once a second. */
export class LoggedLines {
  readonly #state: State;
  readonly #onLog: (event: LogEvent) => void;
  #lines: LoggedLine[] = [];
  #chars = 0;
  #omitted = 0;
  #toldMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(state: State, onLog: (event: LogEvent) => void) {
    this.#state = state;
    this.#onLog = onLog;
  }

  /** Returns a logger whose lines are told, too. */
  around(logger: Logger): Logger {
    const write = (level: LogLevel) => (message: string, fields?: object) => {
      logger[level](message, fields);
      this.#add(level, visibleText(redactionOf(this.#state).text(asText(message))));
    };
    return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
  }

  /** Tells what was not told yet, and nothing from then on. */
  close(): void {
    clearTimeout(this.#timer);
    this.#flush();
    this.#isClosed = true;
  }

  #flush(): void {
    this.#timer = undefined;
    if (this.#lines.length === 0) return;
    const { name, address } = this.#state.recipe;
    const omitted = this.#omitted === 0 ? {} : { omitted: this.#omitted };
    this.#onLog({ type: "log", name, address, lines: this.#lines, ...omitted });
    this.#lines = [];
    this.#chars = 0;
    this.#omitted = 0;
    this.#toldMs = performance.now();
  }

  #add(level: LogLevel, text: string): void {
    if (this.#isClosed) return;
    const room = MOST_CHARS - this.#chars;
    if (room <= 0) {
      this.#omitted += 1;
      return;
    }
    const message = text.length > room ? `${text.slice(0, room)}…` : text;
    this.#lines.push({ level, message });
    this.#chars += message.length;
    const waitMs = Math.max(0, this.#toldMs + INTERVAL_MS - performance.now());
    this.#timer ??= setTimeout(() => this.#flush(), waitMs).unref();
  }
}
