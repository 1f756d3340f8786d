import type { ContainerClient, StoragePipelineOptions } from "@azure/storage-blob";
import { StoreAccessError } from "../../../errors/store-errors.ts";
import { loadAzure } from "../../../util/peers/peers.ts";
import { assertNoCredentialsIn } from "../../location/location-credentials.ts";
import { parseLocationUrl } from "../../location/location-url.ts";
import { recordReopening } from "../../location/reopening.ts";
import type { Store } from "../../store.ts";
import { bucketLocation } from "../bucket-driver.ts";
import { createBucketStore } from "../bucket-store.ts";
import { describeCause } from "../describe-cause.ts";
import type { BucketPatience } from "../requests.ts";
import { AzureDriver } from "./azure-driver.ts";

/**
 * Locates a container. The environment holds the credentials: AZURE_STORAGE_CONNECTION_STRING, or
 * the account's name with AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN. Without these,
 * `DefaultAzureCredential` finds them, if @azure/identity is installed.
 */
export interface AzureStoreOptions {
  /** The name of the container. It has to exist. */
  readonly container: string;
  /** A prefix for every name: `team/experiment`. */
  readonly prefix?: string | undefined;
  /** The name of the storage account. Default: AZURE_STORAGE_ACCOUNT. */
  readonly account?: string | undefined;
  /** The endpoint of a service that is not Azure's: `http://127.0.0.1:10000/devstoreaccount1`. */
  readonly endpoint?: string | undefined;
  /** A client of your own, with credentials and settings of your own. */
  readonly client?: ContainerClient | undefined;
  /** The number and duration of attempts at a request. */
  readonly patience?: Partial<BucketPatience> | undefined;
}

type Module = typeof import("@azure/storage-blob");

/**
 * A store in a container of Azure Blob Storage.
 *
 * Big objects are sent and fetched in parts, several at a time. Passing failures are retried:
 * dropped connections, stalls, throttling, 5xx.
 *
 * @throws {@link MissingPeerError} if @azure/storage-blob is not installed; {@link
 * StoreAccessError} if there are no credentials.
 *
 * @example
 * ```ts
 * import { azureStore } from "persistable-ts/stores/azure";
 * import { gaussianPoints } from "./pipeline.ts";
 *
 * const store = await azureStore({ container: "results", prefix: "team" });
 * await gaussianPoints({ n: 100 }, { dataDir: store }).payload;
 * await gaussianPoints({ n: 100 }, { dataDir: "az://results/team" }).payload; // the same store
 * ```
 */
export async function azureStore(options: AzureStoreOptions): Promise<Store> {
  const { container, prefix, endpoint, patience } = options;
  assertNoCredentialsIn({ container, prefix, account: options.account, endpoint });
  const location = bucketLocation("az", container, options);
  const client = options.client ?? (await createClient(options, location.url));
  const store = createBucketStore(new AzureDriver(location.url, client), { prefix: location.prefix, patience });
  if (options.client === undefined) recordReopening(store, () => ({ service: "azure", options }));
  return store;
}

/**
 * Opens the store at `az://container/prefix?account=…&endpoint=…`.
 *
 * @throws {@link UnknownStoreError} if the URL names no container, has an unknown option,
 * or holds credentials; otherwise as {@link azureStore}.
 *
 * @example
 * ```ts
 * import { openAzure } from "persistable-ts/stores/azure";
 *
 * const store = await openAzure("az://results/team?account=labdata");
 * ```
 */
export async function openAzure(url: string): Promise<Store> {
  const { host, path, option } = parseLocationUrl(url, "az:");
  return azureStore({ container: host, prefix: path, account: option("account"), endpoint: option("endpoint") });
}

async function createClient(options: AzureStoreOptions, url: string): Promise<ContainerClient> {
  const module = await loadAzure();
  // The store has its own retries.
  const pipeline: StoragePipelineOptions = { retryOptions: { maxTries: 1 }, keepAliveOptions: { enable: true } };
  const service = await createService(module, options, url, pipeline);
  return service.getContainerClient(options.container);
}

type Service = InstanceType<Module["BlobServiceClient"]>;

async function createService(
  module: Module,
  options: AzureStoreOptions,
  url: string,
  pipeline: StoragePipelineOptions,
): Promise<Service> {
  const { BlobServiceClient, StorageSharedKeyCredential } = module;
  const account = options.account ?? variable("AZURE_STORAGE_ACCOUNT");
  const connection = process.env.AZURE_STORAGE_CONNECTION_STRING;
  const isElsewhere = options.account !== undefined || options.endpoint !== undefined;
  if (connection !== undefined && !isElsewhere && (connection !== "" || account === undefined))
    return connect(url, CONNECTION, () => BlobServiceClient.fromConnectionString(connection, pipeline));
  const endpoint = options.endpoint ?? (account === undefined ? undefined : `https://${account}.blob.core.windows.net`);
  if (endpoint === undefined) throw noAccess(url, "the name of the account is not known (AZURE_STORAGE_ACCOUNT)");
  const key = variable("AZURE_STORAGE_KEY");
  const token = variable("AZURE_STORAGE_SAS_TOKEN");
  const what = options.endpoint === undefined ? "the account's name (account, AZURE_STORAGE_ACCOUNT)" : "the endpoint";
  const problem = `${what} gives no http: or https: address`;
  if (key !== undefined && account !== undefined)
    return connect(
      url,
      problem,
      () => new BlobServiceClient(endpoint, new StorageSharedKeyCredential(account, key), pipeline),
    );
  if (token !== undefined)
    return connect(
      url,
      problem,
      () => new BlobServiceClient(`${endpoint}?${token.trim().replace(/^\?/, "")}`, undefined, pipeline),
    );
  const credential = await defaultCredential(url);
  return connect(url, problem, () => new BlobServiceClient(endpoint, credential, pipeline));
}

const CONNECTION =
  "the value of AZURE_STORAGE_CONNECTION_STRING is not a connection string (the portal shows it among the access keys: DefaultEndpointsProtocol=…;AccountName=…;AccountKey=…)";

/**
 * Creates a client. The client's errors may quote a text that it could not parse, so they are not
 * passed on.
 */
function connect(url: string, problem: string, create: () => Service): Service {
  try {
    return create();
  } catch (cause) {
    throw noAccess(url, problem, cause);
  }
}

/** Continuous integration sets a variable to the empty text where a secret is missing. */
function variable(name: string): string | undefined {
  const value = process.env[name];
  return value === "" ? undefined : value;
}

type Credential = Parameters<Module["newPipeline"]>[0];

/** Loads a package that is needed only for signing in without a key. */
async function defaultCredential(url: string): Promise<Credential> {
  const name: string = "@azure/identity";
  let identity: { readonly DefaultAzureCredential: new () => NonNullable<Credential> };
  try {
    identity = await import(name);
  } catch (cause) {
    throw noAccess(
      url,
      "there are no credentials: give AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN, or install @azure/identity",
      cause,
    );
  }
  return new identity.DefaultAzureCredential();
}

function noAccess(path: string, problem: string, cause?: unknown): StoreAccessError {
  const failure = { operation: "read", path, ...(cause === undefined ? {} : { cause: describeCause(cause) }) } as const;
  return new StoreAccessError(failure, problem, "Correct it, or give a client of your own");
}
