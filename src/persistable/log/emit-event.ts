import type { PersistableEvent } from "../../events/event.ts";
import type { Logger, LogLevel } from "../../events/logger.ts";
import { loadPart } from "../../util/peers/load-part.ts";
import type { State } from "../declare/state.ts";
import type { Session } from "./event-log.ts";
import { openingOf } from "./opening-of.ts";

type BodyOf<Event> = Event extends PersistableEvent ? Omit<Event, "name" | "address"> : never;

/** An event without saying of which persistable. */
export type EventBody = BodyOf<PersistableEvent>;

/** Nothing in these comes from a generator, a validator or a file: no secret can be in them. */
export type PlainEventBody = Extract<
  EventBody,
  { readonly type: "constructed" | "loading" | "hit" | "source-changed" | "removed" }
>;

/**
 * What happens to a persistable is told here, once: the listener is called at once. The lines of the log are written at once where the session
 * is there; otherwise it is loaded first, and `state.telling` is the promise of them.
 *
 * Everything that may quote somebody is told by `tellAtOnce`, which takes secrets out of it.
 */
export function tellEvent(state: State, body: PlainEventBody): void {
  emit(state, body);
}

/** Tell what has no secret in it any more. */
export function emit(state: State, body: EventBody): void {
  const { surroundings } = state;
  // The opening lines come before the first event, not at construction, since a dependency learns only later where it lives.
  if (!state.isTold && surroundings.hasListener) {
    state.isTold = true;
    tell(state, openingOf(state));
  }
  const { name, address } = state.node;
  tell(state, { name, address, ...body } as PersistableEvent);
}

/** The logger that hooks are handed. */
export function loggerOf(state: State): Logger {
  const write = (level: LogLevel) => (message: string, fields?: object) =>
    withSession(state, (session) => session.writeLine(level, message, fields ?? {}));
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}

function tell(state: State, event: PersistableEvent): void {
  const { onEvent, logger, verbose } = state.surroundings;
  onEvent?.(event);
  state.control?.onEvent?.(event);
  if (logger === undefined && !verbose && FILE_QUIET.has(event.type)) return;
  withSession(state, (session) => session.write(event));
}

/** Of these the log file has no line; the opening lines it gets before the first other line. */
const FILE_QUIET = new Set<PersistableEvent["type"]>(["constructed", "loading", "hit", "progress"]);

/** Kept once it is loaded: asking the module loader again for each persistable would double the cost of a hit with a logger. */
let sessionModule: typeof import("./event-log-of.ts") | undefined;

function withSession(state: State, write: (session: Session) => void): void {
  // Lines that wait for the module come first.
  const session = state.session ?? (state.telling === undefined ? sessionModule?.sessionOf(state) : undefined);
  if (session !== undefined) {
    write(session);
    return;
  }
  const telling = writeLater(state, write).finally(() => {
    if (state.telling === telling) state.telling = undefined;
  });
  // What fails is told to whoever waits for the payload; where nobody does, it must not end the process.
  telling.catch(() => {});
  state.telling = telling;
}

async function writeLater(state: State, write: (session: Session) => void): Promise<void> {
  const earlier = state.telling;
  sessionModule ??= await loadPart(() => import("./event-log-of.ts"));
  await earlier;
  write(sessionModule.sessionOf(state));
}
