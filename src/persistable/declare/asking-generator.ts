import type { State } from "./state.ts";

let noteIn: ((asked: State) => void) | undefined;

/** Says who notes what running generators ask for; `undefined` if none runs. */
export function setNoting(note: ((asked: State) => void) | undefined): void {
  noteIn = note;
}

/** To be called with every persistable whose payload is asked for, before its store is known. */
export function noteAsked(state: State): void {
  noteIn?.(state);
}
