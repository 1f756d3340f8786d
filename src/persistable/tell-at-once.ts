import { sessionOf } from "./session-of.ts";
import type { State } from "./state.ts";
import { type EventBody, tellEvent } from "./tell-event.ts";

/** For whoever generates, and has the log loaded: its lines are written before this returns. */
export function tellAtOnce(state: State, body: EventBody): void {
  sessionOf(state);
  tellEvent(state, body);
}
