import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import { loadS3 } from "../../../util/peers/peers.ts";
import { assertNoCredentialsIn } from "../../location/location-credentials.ts";
import { parseLocationUrl } from "../../location/location-url.ts";
import { recordReopening } from "../../location/reopening.ts";
import type { Store } from "../../store.ts";
import { bucketLocation } from "../bucket-driver.ts";
import { createBucketStore } from "../bucket-store.ts";
import type { BucketPatience } from "../requests.ts";
import { S3Driver } from "./s3-driver.ts";

/**
 * Locates a bucket. The client finds the credentials by its own chain: environment, profile, role.
 */
export interface S3StoreOptions {
  /** The name of the bucket. It has to exist. */
  readonly bucket: string;
  /** A prefix for every key: `team/experiment`. */
  readonly prefix?: string | undefined;
  /** Default: the region of the environment or the profile; `us-east-1` if an endpoint is given. */
  readonly region?: string | undefined;
  /** The endpoint of a service that is not Amazon's: `http://127.0.0.1:9000`. */
  readonly endpoint?: string | undefined;
  /**
   * Uses `http://host/bucket/key` instead of `http://bucket.host/key`; default `true` if an
   * endpoint is given.
   */
  readonly forcePathStyle?: boolean | undefined;
  /**
   * A client of your own, with credentials and settings of your own. Switch off its retries
   * (`maxAttempts: 1`): the store has its own.
   */
  readonly client?: S3Client | undefined;
  /** The number and duration of attempts at a request. */
  readonly patience?: Partial<BucketPatience> | undefined;
}

/**
 * A store in a bucket of Amazon S3, or of another service with the same protocol. Whether the
 * service can create an object only if there is none is tried out once; if it cannot,
 * two machines may both generate a payload, and readers still see one whole artifact.
 *
 * Big objects are sent and fetched in parts, several at a time. Passing failures are retried:
 * dropped connections, stalls, throttling, 5xx.
 *
 * @throws {@link MissingPeerError} if @aws-sdk/client-s3 is not installed.
 *
 * @example
 * ```ts
 * import { s3Store } from "persistable-ts/stores/s3";
 * import { gaussianPoints } from "./pipeline.ts";
 *
 * const store = await s3Store({ bucket: "results", prefix: "team" });
 * await gaussianPoints({ n: 100 }, { dataDir: store }).payload;
 * await gaussianPoints({ n: 100 }, { dataDir: "s3://results/team" }).payload; // the same store
 * ```
 */
export async function s3Store(options: S3StoreOptions): Promise<Store> {
  const { bucket, prefix, patience } = options;
  assertNoCredentialsIn({ bucket, prefix, region: options.region, endpoint: options.endpoint });
  const module = await loadS3();
  const client = options.client ?? new module.S3Client(configOf(options));
  const location = bucketLocation("s3", bucket, options);
  const driver = new S3Driver(location.url, bucket, module, client);
  const store = createBucketStore(driver, { prefix: location.prefix, patience });
  if (options.client === undefined) recordReopening(store, () => ({ service: "s3", options }));
  return store;
}

/**
 * Opens the store at `s3://bucket/prefix?region=…&endpoint=…&path-style=true`.
 *
 * @throws {@link UnknownStoreError} if the URL names no bucket, has an unknown option,
 * or holds credentials; otherwise as {@link s3Store}.
 *
 * @example
 * ```ts
 * import { openS3 } from "persistable-ts/stores/s3";
 *
 * const store = await openS3("s3://results/team?region=eu-central-1");
 * ```
 */
export async function openS3(url: string): Promise<Store> {
  const { host, path, option } = parseLocationUrl(url, "s3:");
  const pathStyle = option("path-style");
  return s3Store({
    bucket: host,
    prefix: path,
    region: option("region"),
    endpoint: option("endpoint"),
    forcePathStyle: pathStyle === undefined ? undefined : pathStyle !== "false",
  });
}

function configOf({ region, endpoint, forcePathStyle }: S3StoreOptions): S3ClientConfig {
  return {
    maxAttempts: 1,
    // Newer clients add checksums by default, which other services than Amazon's refuse or take for
    // content. Readers verify the bytes anyway.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: { connectionTimeout: 10_000, httpAgent: { maxSockets: 100 }, httpsAgent: { maxSockets: 100 } },
    // Other services ignore the region, but the client requires one.
    ...(region === undefined ? (endpoint === undefined ? {} : { region: "us-east-1" }) : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    forcePathStyle: forcePathStyle ?? endpoint !== undefined,
  };
}
