export { type Display, type DisplayOptions, type DisplayStream, openDisplay } from "../display/open-display.ts";
export { MissingPeerError } from "../errors/peer-errors.ts";
export type { RunEvent } from "../events/run-event.ts";
