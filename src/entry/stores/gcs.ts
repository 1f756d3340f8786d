export { MissingPeerError } from "../../errors/peer-errors.ts";
export { type GcsStoreOptions, gcsStore, openGcs } from "../../store/bucket/gcs/gcs-store.ts";
