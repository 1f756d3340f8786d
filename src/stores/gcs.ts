export { MissingPeerError } from "../errors/peer-errors.ts";
export { type GcsStoreOptions, gcsStore, openGcs } from "../store/gcs-store.ts";
