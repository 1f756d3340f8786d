import type { State } from "./state.ts";

let noteIn: ((asked: State) => void) | undefined;

/**
 * Sets the function that notes which payloads running generators ask for; `undefined` if none runs.
 */
export function setNoting(note: ((asked: State) => void) | undefined): void {
  noteIn = note;
}

/**
 * Operations call this with every persistable whose payload a caller wants, before its store is
 * known.
 */
export function noteAsked(state: State): void {
  noteIn?.(state);
}
