import type { ContainerClient, StoragePipelineOptions } from "@azure/storage-blob";
import { StoreAccessError } from "../errors/store-errors.ts";
import { loadPeer } from "../util/load-peer.ts";
import { AzureDriver } from "./azure-driver.ts";
import { createBucketStore } from "./bucket.ts";
import type { BucketPatience } from "./bucket-requests.ts";
import { parsePlaceUrl } from "./place-url.ts";
import type { Store } from "./store.ts";

/**
 * Where a container is. Credentials are found in the environment: AZURE_STORAGE_CONNECTION_STRING, or with the account's name AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN,
 * or else by `DefaultAzureCredential`, where @azure/identity is installed.
 */
export interface AzureStoreOptions {
  readonly container: string;
  /** Before every name: `team/experiment`. */
  readonly prefix?: string | undefined;
  /** Name of the storage account. Default: AZURE_STORAGE_ACCOUNT. */
  readonly account?: string | undefined;
  /** Of a service at another place than Azure's: `http://127.0.0.1:10000/devstoreaccount1`. */
  readonly endpoint?: string | undefined;
  /** A client of your own, with credentials and settings of your own. */
  readonly client?: ContainerClient | undefined;
  /** How often and how long requests are tried. */
  readonly patience?: Partial<BucketPatience> | undefined;
}

type Module = typeof import("@azure/storage-blob");

/**
 * A store in a container of Azure Blob Storage.
 *
 * Big objects are sent and fetched in parts, several at a time. What may pass is tried again: dropped connections, stalls, throttling, 5xx.
 *
 * @throws {@link MissingPeerError} where @azure/storage-blob is not installed; {@link StoreAccessError} where there are no credentials.
 *
 * @example
 * ```ts
 * const store = await azureStore({ container: "results", prefix: "team" });
 * await embeddings({ model: "small" }, { dataDir: store }).payload;
 * await embeddings({ model: "small" }, { dataDir: "az://results/team" }).payload; // the same place
 * ```
 */
export async function azureStore(options: AzureStoreOptions): Promise<Store> {
  const { container, prefix = "", endpoint, patience } = options;
  const clean = prefix.replace(/^\/+|\/+$/g, "");
  const query = endpoint === undefined ? "" : `?endpoint=${encodeURIComponent(endpoint)}`;
  const url = `az://${container}${clean === "" ? "" : `/${clean}`}${query}`;
  const client = options.client ?? (await createClient(options, url));
  return createBucketStore(new AzureDriver(url, client), { prefix: clean, patience });
}

/**
 * The store behind `az://container/prefix?account=…&endpoint=…`.
 *
 * @throws {@link UnknownStoreError} where the URL names no container, has an option that there is not, or holds credentials; as {@link azureStore}.
 *
 * @example
 * ```ts
 * const store = await openAzure("az://results/team?account=labdata");
 * ```
 */
export async function openAzure(url: string): Promise<Store> {
  const { host, path, option } = parsePlaceUrl(url, "az:");
  return azureStore({ container: host, prefix: path, account: option("account"), endpoint: option("endpoint") });
}

async function createClient(options: AzureStoreOptions, url: string): Promise<ContainerClient> {
  const purpose = "A store in an Azure container";
  const module = await loadPeer(purpose, "@azure/storage-blob", () => import("@azure/storage-blob"));
  // The store has retries of its own.
  const pipeline: StoragePipelineOptions = { retryOptions: { maxTries: 1 }, keepAliveOptions: { enable: true } };
  const service = await createService(module, options, url, pipeline);
  return service.getContainerClient(options.container);
}

async function createService(
  module: Module,
  options: AzureStoreOptions,
  url: string,
  pipeline: StoragePipelineOptions,
): Promise<InstanceType<Module["BlobServiceClient"]>> {
  const { BlobServiceClient, StorageSharedKeyCredential } = module;
  const { env } = process;
  const account = options.account ?? env.AZURE_STORAGE_ACCOUNT;
  const connection = env.AZURE_STORAGE_CONNECTION_STRING;
  if (connection !== undefined && options.account === undefined && options.endpoint === undefined)
    return BlobServiceClient.fromConnectionString(connection, pipeline);
  const endpoint = options.endpoint ?? (account === undefined ? undefined : `https://${account}.blob.core.windows.net`);
  if (endpoint === undefined) throw noCredentials(url, "the name of the account is not known (AZURE_STORAGE_ACCOUNT)");
  const key = env.AZURE_STORAGE_KEY;
  if (key !== undefined && account !== undefined)
    return new BlobServiceClient(endpoint, new StorageSharedKeyCredential(account, key), pipeline);
  const token = env.AZURE_STORAGE_SAS_TOKEN;
  if (token !== undefined) return new BlobServiceClient(`${endpoint}?${token.replace(/^\?/, "")}`, undefined, pipeline);
  return new BlobServiceClient(endpoint, await defaultCredential(url), pipeline);
}

type Credential = Parameters<Module["newPipeline"]>[0];

/** Of a package that only those need who sign in without a key. */
async function defaultCredential(url: string): Promise<Credential> {
  const name: string = "@azure/identity";
  let identity: { readonly DefaultAzureCredential: new () => NonNullable<Credential> };
  try {
    identity = await import(name);
  } catch (cause) {
    throw noCredentials(
      url,
      "there are no credentials: give AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN, or install @azure/identity",
      cause,
    );
  }
  return new identity.DefaultAzureCredential();
}

function noCredentials(path: string, problem: string, cause?: unknown): StoreAccessError {
  return new StoreAccessError({ operation: "read", path, ...(cause === undefined ? {} : { cause }) }, problem);
}
