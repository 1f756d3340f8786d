import type { Bucket } from "@google-cloud/storage";
import { loadGcs } from "../../../util/peers/peers.ts";
import { assertNoCredentialsIn } from "../../location/location-credentials.ts";
import { parsePlaceUrl } from "../../location/location-url.ts";
import { noteReopening } from "../../location/reopening.ts";
import type { Store } from "../../store.ts";
import { createBucketStore } from "../bucket-store.ts";
import type { BucketPatience } from "../requests.ts";
import { GcsDriver } from "./gcs-driver.ts";

/**
 * Where a bucket is. Credentials are found by the client's own chain: application default
 * credentials.
 */
export interface GcsStoreOptions {
  readonly bucket: string;
  /** Before every name: `team/experiment`. */
  readonly prefix?: string | undefined;
  readonly projectId?: string | undefined;
  /**
   * Of a service at another place than Google's: `http://127.0.0.1:4443`; it is then asked without
   * credentials.
   */
  readonly endpoint?: string | undefined;
  /** A bucket of a client of your own, with credentials and settings of your own. */
  readonly client?: Bucket | undefined;
  /** How often and how long requests are tried. */
  readonly patience?: Partial<BucketPatience> | undefined;
}

/**
 * A store in a bucket of Google Cloud Storage.
 *
 * Big objects are fetched in parts, several at a time, and sent as one upload that goes on where it
 * was interrupted. What may pass is tried again: dropped connections, stalls, throttling, 5xx.
 *
 * @throws {@link MissingPeerError} where @google-cloud/storage is not installed.
 *
 * @example
 * ```ts
 * const store = await gcsStore({ bucket: "results", prefix: "team" });
 * await embeddings({ model: "small" }, { dataDir: store }).payload;
 * await embeddings({ model: "small" }, { dataDir: "gs://results/team" }).payload; // the same place
 * ```
 */
export async function gcsStore(options: GcsStoreOptions): Promise<Store> {
  const { bucket, prefix = "", endpoint, patience } = options;
  assertNoCredentialsIn({ bucket, prefix, projectId: options.projectId, endpoint });
  const clean = prefix.replace(/^\/+|\/+$/g, "");
  const query = endpoint === undefined ? "" : `?endpoint=${encodeURIComponent(endpoint)}`;
  const url = `gs://${bucket}${clean === "" ? "" : `/${clean}`}${query}`;
  const driver = new GcsDriver(url, options.client ?? (await createClient(options)));
  const store = createBucketStore(driver, { prefix: clean, patience });
  if (options.client === undefined) noteReopening(store, () => ({ service: "gcs", options }));
  return store;
}

/**
 * The store behind `gs://bucket/prefix?project=…&endpoint=…`.
 *
 * @throws {@link UnknownStoreError} where the URL names no bucket, has an option that there is not,
 * or holds credentials; as {@link gcsStore}.
 *
 * @example
 * ```ts
 * const store = await openGcs("gs://results/team");
 * ```
 */
export async function openGcs(url: string): Promise<Store> {
  const { host, path, option } = parsePlaceUrl(url, "gs:");
  return gcsStore({ bucket: host, prefix: path, projectId: option("project"), endpoint: option("endpoint") });
}

async function createClient({ bucket, projectId, endpoint }: GcsStoreOptions): Promise<Bucket> {
  const { Storage } = await loadGcs();
  const storage = new Storage({
    // The store has retries of its own.
    retryOptions: { autoRetry: false, maxRetries: 0 },
    ...(projectId === undefined ? (endpoint === undefined ? {} : { projectId: "none" }) : { projectId }),
    ...(endpoint === undefined ? {} : { apiEndpoint: endpoint, useAuthWithCustomEndpoint: false }),
  });
  return storage.bucket(bucket);
}
