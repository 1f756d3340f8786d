import type { DescribedError } from "../../errors/described-error.ts";
import type { PersistableEvent } from "../../events/event.ts";
import type { State } from "../declare/state.ts";
import { redactionOf } from "../secrets/redaction.ts";
import { type EventBody, emit } from "./emit-event.ts";
import { eventLogOf } from "./event-log.ts";

/** An event with the error as it was thrown. */
type Untold<Body> = Body extends { readonly error: DescribedError }
  ? Omit<Body, "error"> & { readonly error: unknown }
  : Body;

/**
 * Emits an event while generating, when the log is loaded: its lines are written before this returns.
 * Secrets are taken out here, so that no reader of the event can forget it.
 */
export function emitNow(state: State, body: Untold<EventBody>): void {
  eventLogOf(state);
  emitRedacted(state, body);
}

/** Like {@link emitNow}, for an event without a line in the log file: no log is opened for it. */
export function emitRedacted(state: State, body: Untold<EventBody>): void {
  emit(state, redactionOf(state).event(body) as EventBody);
}

/**
 * Emits an event of a dependency that was loaded on another thread. That thread took out the secrets
 * that it knows; those that only this thread knows are taken out here.
 */
export function emitRelayed(state: State, event: PersistableEvent): void {
  state.surroundings.onEvent?.(redactionOf(state).toldAgain(event));
}
