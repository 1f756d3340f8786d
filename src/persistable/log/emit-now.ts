import type { DescribedError } from "../../errors/described-error.ts";
import type { PersistableEvent } from "../../events/event.ts";
import type { State } from "../declare/state.ts";
import { redactionOf } from "../secrets/redaction.ts";
import { type EventBody, emit } from "./emit-event.ts";
import { sessionOf } from "./event-log-of.ts";

/** An event with the error as it was thrown. */
type Untold<Body> = Body extends { readonly error: DescribedError }
  ? Omit<Body, "error"> & { readonly error: unknown }
  : Body;

/**
 * For whoever generates, and has the log loaded: its lines are written before this returns. Secrets are taken out here, so that no
 * reader of the event can forget it.
 */
export function tellAtOnce(state: State, body: Untold<EventBody>): void {
  sessionOf(state);
  tellRedacted(state, body);
}

/** The same for what the log file has no line of: no log is opened for it. */
export function tellRedacted(state: State, body: Untold<EventBody>): void {
  emit(state, redactionOf(state).event(body) as EventBody);
}

/** What another thread has told of a dependency: without its secrets already, and now without those that are known here. */
export function tellOfOther(state: State, event: PersistableEvent): void {
  state.surroundings.onEvent?.(redactionOf(state).toldAgain(event));
}
