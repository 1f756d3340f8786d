export { type EmbeddedOptions, embedded } from "../../engine/embedded/embedded.ts";
export type { Engine } from "../../engine/engine.ts";
export { MissingPeerError } from "../../errors/peer-errors.ts";
export { EmbeddedServerError } from "../../errors/worker-errors.ts";
