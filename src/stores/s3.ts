export { MissingPeerError } from "../errors/peer-errors.ts";
export { openS3, type S3StoreOptions, s3Store } from "../store/s3-store.ts";
