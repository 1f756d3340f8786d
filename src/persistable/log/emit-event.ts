import type { PersistableEvent } from "../../events/event.ts";
import type { Logger, LogLevel } from "../../events/logger.ts";
import { loadPart } from "../../util/peers/load-part.ts";
import type { EventLog, State } from "../declare/state.ts";
import { FILE_QUIET, openingOf } from "./opening-of.ts";

/** A listener of events. */
export type OnEvent = (event: PersistableEvent) => void;

type BodyOf<Event> = Event extends PersistableEvent ? Omit<Event, "name" | "address"> : never;

/** An event without the name and address of its persistable. */
export type EventBody = BodyOf<PersistableEvent>;

/** Nothing in these comes from a generator, a validator or a file, so no secret can be in them. */
export type PlainEventBody = Extract<
  EventBody,
  { readonly type: "constructed" | "loading" | "hit" | "source-changed" | "removed" }
>;

/**
 * Emits an event that cannot hold a secret; `emitNow` is for all others. Listeners run
 * synchronously. Lines of the log are written at once if the log module is loaded. Otherwise it is
 * loaded first, and `state.logging` resolves when the lines are written.
 */
export function emitPlain(state: State, body: PlainEventBody): void {
  emit(state, body);
}

/**
 * Emits an event whose secrets were taken out before.
 *
 * @param onEvent - the listener of the call that emits the event, if that has one of its own
 */
export function emit(state: State, body: EventBody, onEvent?: OnEvent): void {
  const { surroundings } = state;
  // The opening event is not emitted at construction, since a dependency learns its store only
  // later.
  if (!state.isOpened && surroundings.hasListener) {
    state.isOpened = true;
    deliver(state, openingOf(state));
  }
  const { name, address } = state.recipe;
  // A spread would take several times as long.
  deliver(state, Object.assign({ name, address }, body) as PersistableEvent, onEvent);
}

/** The logger that hooks get. */
export function loggerOf(state: State): Logger {
  const write = (level: LogLevel) => (message: string, fields?: object) =>
    withLog(state, (log) => log.writeLine(level, message, fields ?? {}));
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}

function deliver(state: State, event: PersistableEvent, onEvent?: OnEvent): void {
  const { logger, verbose } = state.surroundings;
  state.surroundings.onEvent?.(event);
  onEvent?.(event);
  if (logger === undefined && !verbose && FILE_QUIET.has(event.type)) return;
  withLog(state, (log) => log.write(event));
}

/** The module is kept: to import it for each event would double the cost of a hit with a logger. */
let logModule: typeof import("./event-log.ts") | undefined;

function withLog(state: State, write: (log: EventLog) => void): void {
  // As long as earlier lines wait for the module, this one waits behind them.
  const log = state.log ?? (state.logging === undefined ? logModule?.eventLogOf(state) : undefined);
  if (log !== undefined) {
    write(log);
    return;
  }
  const logging = writeLater(state, write).finally(() => {
    if (state.logging === logging) state.logging = undefined;
  });
  // A failure is thrown to a caller that waits for the payload. If none waits, it must not end the
  // process.
  logging.catch(() => {});
  state.logging = logging;
}

async function writeLater(state: State, write: (log: EventLog) => void): Promise<void> {
  const earlier = state.logging;
  logModule ??= await loadPart(() => import("./event-log.ts"));
  await earlier;
  write(logModule.eventLogOf(state));
}
