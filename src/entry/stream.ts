export { type StreamPersistable, streamPayload } from "../persistable/stream-payload.ts";
