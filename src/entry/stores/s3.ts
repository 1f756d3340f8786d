export { MissingPeerError } from "../../errors/peer-errors.ts";
export type { BucketPatience } from "../../store/bucket/requests.ts";
export { openS3, type S3StoreOptions, s3Store } from "../../store/bucket/s3/s3-store.ts";
