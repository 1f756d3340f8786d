export { type StreamPersistable, streamPayload } from "../persistable/load/stream-payload.ts";
