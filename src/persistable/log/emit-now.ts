import type { PersistableEvent } from "../../events/event.ts";
import type { State } from "../declare/state.ts";
import { redactionOf, type Untold } from "../secrets/redaction.ts";
import { type EventBody, emit, type OnEvent } from "./emit-event.ts";
import { eventLogOf } from "./event-log.ts";

/**
 * Emits an event while generating, when the log module is loaded: its lines are written before this
 * returns. Secrets are taken out here, so that no listener has to do it.
 */
export function emitNow(state: State, body: Untold<EventBody>, onEvent?: OnEvent): void {
  eventLogOf(state);
  emitRedacted(state, body, onEvent);
}

/** Like {@link emitNow}, for an event without a line in the log file: no log is opened for it. */
export function emitRedacted(state: State, body: Untold<EventBody>, onEvent?: OnEvent): void {
  emit(state, redactionOf(state).event(body) as EventBody, onEvent);
}

/**
 * Emits an event of a dependency that was loaded on another thread. That thread took out the
 * secrets that it knows; those that only this thread knows are taken out here.
 */
export function emitRelayed(state: State, event: PersistableEvent): void {
  state.surroundings.onEvent?.(redactionOf(state).toldAgain(event));
}
