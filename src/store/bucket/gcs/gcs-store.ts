import type { Bucket } from "@google-cloud/storage";
import { loadGcs } from "../../../util/peers/peers.ts";
import { assertNoCredentialsIn } from "../../location/location-credentials.ts";
import { parseLocationUrl } from "../../location/location-url.ts";
import { recordReopening } from "../../location/reopening.ts";
import type { Store } from "../../store.ts";
import { bucketLocation } from "../bucket-driver.ts";
import { createBucketStore } from "../bucket-store.ts";
import type { BucketPatience } from "../requests.ts";
import { GcsDriver } from "./gcs-driver.ts";

/**
 * Locates a bucket. The client finds the credentials by its own chain: application default
 * credentials.
 */
export interface GcsStoreOptions {
  /** The name of the bucket. It has to exist. */
  readonly bucket: string;
  /** A prefix for every name: `team/experiment`. */
  readonly prefix?: string | undefined;
  /** The project that the bucket belongs to. Default: the one of the credentials. */
  readonly projectId?: string | undefined;
  /**
   * The endpoint of a service that is not Google's: `http://127.0.0.1:4443`; requests to it have no
   * credentials.
   */
  readonly endpoint?: string | undefined;
  /** A bucket of a client of your own, with credentials and settings of your own. */
  readonly client?: Bucket | undefined;
  /** The number and duration of attempts at a request. */
  readonly patience?: Partial<BucketPatience> | undefined;
}

/**
 * A store in a bucket of Google Cloud Storage.
 *
 * Big objects are fetched in parts, several at a time, and sent as one upload that resumes where it
 * was interrupted. Passing failures are retried: dropped connections, stalls, throttling, 5xx.
 *
 * @throws {@link MissingPeerError} if @google-cloud/storage is not installed.
 *
 * @example
 * ```ts
 * import { gcsStore } from "persistable-ts/stores/gcs";
 * import { gaussianPoints } from "./pipeline.ts";
 *
 * const store = await gcsStore({ bucket: "results", prefix: "team" });
 * await gaussianPoints({ n: 100 }, { dataDir: store }).payload;
 * await gaussianPoints({ n: 100 }, { dataDir: "gs://results/team" }).payload; // the same store
 * ```
 */
export async function gcsStore(options: GcsStoreOptions): Promise<Store> {
  const { bucket, prefix, endpoint, patience } = options;
  assertNoCredentialsIn({ bucket, prefix, projectId: options.projectId, endpoint });
  const location = bucketLocation("gs", bucket, options);
  const driver = new GcsDriver(location.url, options.client ?? (await createClient(options)));
  const store = createBucketStore(driver, { prefix: location.prefix, patience });
  if (options.client === undefined) recordReopening(store, () => ({ service: "gcs", options }));
  return store;
}

/**
 * Opens the store at `gs://bucket/prefix?project=…&endpoint=…`.
 *
 * @throws {@link UnknownStoreError} if the URL names no bucket, has an unknown option,
 * or holds credentials; otherwise as {@link gcsStore}.
 *
 * @example
 * ```ts
 * import { openGcs } from "persistable-ts/stores/gcs";
 *
 * const store = await openGcs("gs://results/team");
 * ```
 */
export async function openGcs(url: string): Promise<Store> {
  const { host, path, option } = parseLocationUrl(url, "gs:");
  return gcsStore({ bucket: host, prefix: path, projectId: option("project"), endpoint: option("endpoint") });
}

async function createClient({ bucket, projectId, endpoint }: GcsStoreOptions): Promise<Bucket> {
  const { Storage } = await loadGcs();
  const storage = new Storage({
    // The store has its own retries.
    retryOptions: { autoRetry: false, maxRetries: 0 },
    ...(projectId === undefined ? (endpoint === undefined ? {} : { projectId: "none" }) : { projectId }),
    ...(endpoint === undefined ? {} : { apiEndpoint: endpoint, useAuthWithCustomEndpoint: false }),
  });
  return storage.bucket(bucket);
}
