import type { BlobDownloadResponseParsed, BlockBlobClient, ContainerClient } from "@azure/storage-blob";
import type {
  BucketDriver,
  DriverCallOptions,
  DriverEntry,
  DriverGetOptions,
  DriverObject,
  DriverPutOptions,
  DriverUpload,
  DriverVerdict,
} from "./bucket-driver.ts";
import { judgeNetwork } from "./judge-network.ts";

/** One container of Azure Blob Storage. */
export class AzureDriver implements BucketDriver {
  readonly url: string;
  readonly #container: ContainerClient;

  constructor(url: string, container: ContainerClient) {
    this.url = url;
    this.#container = container;
  }

  async get(key: string, { range, etag, signal }: DriverGetOptions): Promise<DriverObject | undefined> {
    const count = range === undefined ? undefined : range.end - range.start;
    try {
      const answer = await this.#blob(key).download(range?.start ?? 0, count, {
        abortSignal: signal,
        maxRetryRequests: 0,
        ...(etag === undefined ? {} : { conditions: { ifMatch: etag } }),
      });
      return objectOf(answer);
    } catch (error) {
      if (isMissing(error)) return undefined;
      if (statusOf(error) === 412) throw new Changed("changed", { cause: error });
      if (statusOf(error) !== 416) throw error;
      // Beyond the end, where there may be an end at all.
      const entry = await this.head(key, { signal });
      return entry && { sizeBytes: entry.sizeBytes, etag, body: nothing() };
    }
  }

  async head(key: string, { signal }: DriverCallOptions): Promise<DriverEntry | undefined> {
    try {
      const answer = await this.#blob(key).getProperties({ abortSignal: signal });
      return {
        key,
        sizeBytes: answer.contentLength ?? 0,
        modifiedMs: answer.lastModified?.getTime() ?? 0,
        writer: answer.metadata?.writer,
      };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async put(key: string, bytes: Uint8Array, options: DriverPutOptions): Promise<"created" | "exists"> {
    return unlessExists(options.ifAbsent, () =>
      this.#blob(key).upload(asBuffer(bytes), bytes.length, writeOptionsOf(options, options.signal)),
    );
  }

  async startUpload(key: string, options: DriverPutOptions): Promise<DriverUpload> {
    return new AzureUpload(this.#blob(key), options);
  }

  async copy(from: string, to: string, { signal }: DriverPutOptions): Promise<boolean> {
    try {
      const copying = await this.#blob(to).beginCopyFromURL(this.#blob(from).url, {
        abortSignal: signal,
        intervalInMs: 100,
      });
      await copying.pollUntilDone();
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async remove(key: string, { signal }: DriverCallOptions): Promise<void> {
    await this.#blob(key).deleteIfExists({ abortSignal: signal });
  }

  async *list(prefix: string, { signal }: DriverCallOptions): AsyncGenerator<DriverEntry> {
    for await (const { name, properties } of this.#container.listBlobsFlat({ prefix, abortSignal: signal })) {
      const { contentLength = 0, lastModified } = properties;
      yield { key: name, sizeBytes: contentLength, modifiedMs: lastModified.getTime() };
    }
  }

  judge(error: unknown): DriverVerdict {
    if (error instanceof Changed) return { kind: "changed", systemCode: "412" };
    const status = statusOf(error);
    const code = codeOf(error);
    const systemCode = code ?? status?.toString();
    const container = this.#container.containerName;
    if (code === "ContainerNotFound")
      return { kind: "other", systemCode, problem: `there is no container ${container}: create it, or mend its name` };
    // A container that is just being removed, or an account that is busy.
    if (code === "ContainerBeingDeleted" || code === "OperationTimedOut" || code === "ServerBusy")
      return { kind: "passing", systemCode };
    if (code === "AuthenticationFailed")
      return { kind: "access", systemCode, problem: "the service does not accept the credentials" };
    if (status === 401 || status === 403) return { kind: "access", systemCode };
    if (status === 501) return { kind: "unsupported", systemCode };
    if (status === 507 || code === "InsufficientAccountPermissions") return { kind: "full", systemCode };
    if (status === 404) return { kind: "missing", systemCode };
    if (status === 408 || status === 429 || (status !== undefined && status >= 500))
      return { kind: "passing", systemCode };
    return judgeNetwork(error) ?? { kind: "other", systemCode };
  }

  #blob(key: string): BlockBlobClient {
    return this.#container.getBlockBlobClient(key);
  }
}

class Changed extends Error {}

class AzureUpload implements DriverUpload {
  readonly minPartBytes = 1;
  readonly maxParts = 50_000;
  readonly #blob: BlockBlobClient;
  readonly #options: DriverPutOptions;
  /** Blocks of several uploads to one name lie together until one of them is committed. */
  readonly #name = Buffer.from(crypto.getRandomValues(new Uint8Array(9))).toString("hex");
  #count = 0;

  constructor(blob: BlockBlobClient, options: DriverPutOptions) {
    this.#blob = blob;
    this.#options = options;
  }

  async sendPart(part: number, bytes: Uint8Array, { signal }: DriverCallOptions): Promise<void> {
    this.#count = Math.max(this.#count, part);
    await this.#blob.stageBlock(this.#idOf(part), asBuffer(bytes), bytes.length, { abortSignal: signal });
  }

  async complete({ signal }: DriverCallOptions): Promise<"created" | "exists"> {
    const ids = Array.from({ length: this.#count }, (_, index) => this.#idOf(index + 1));
    return unlessExists(this.#options.ifAbsent, () =>
      this.#blob.commitBlockList(ids, writeOptionsOf(this.#options, signal)),
    );
  }

  async abort(): Promise<void> {
    // There is no such request: blocks that nobody commits are never seen, and the service drops them after a week.
  }

  #idOf(part: number): string {
    return Buffer.from(`${this.#name}-${String(part).padStart(6, "0")}`).toString("base64");
  }
}

async function unlessExists(ifAbsent: boolean, write: () => Promise<unknown>): Promise<"created" | "exists"> {
  try {
    await write();
    return "created";
  } catch (error) {
    const status = statusOf(error);
    if (ifAbsent && (status === 412 || (status === 409 && codeOf(error) === "BlobAlreadyExists"))) return "exists";
    throw error;
  }
}

function writeOptionsOf({ ifAbsent, writer }: DriverPutOptions, signal: AbortSignal) {
  return {
    abortSignal: signal,
    ...(ifAbsent ? { conditions: { ifNoneMatch: "*" } } : {}),
    ...(writer === undefined ? {} : { metadata: { writer } }),
  };
}

function objectOf(answer: BlobDownloadResponseParsed): DriverObject {
  const total = /\/(\d+)$/.exec(answer.contentRange ?? "")?.[1];
  // Whoever leaves it unread gets an error that nobody would hear, which ends the process; whoever reads it gets it anyway.
  answer.readableStreamBody?.on("error", () => {});
  return {
    sizeBytes: total === undefined ? (answer.contentLength ?? 0) : Number(total),
    etag: answer.etag,
    body: (answer.readableStreamBody as AsyncIterable<Uint8Array> | undefined) ?? nothing(),
  };
}

/** The client takes a plain Uint8Array for text. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function isMissing(error: unknown): boolean {
  return statusOf(error) === 404 && codeOf(error) !== "ContainerNotFound";
}

function statusOf(error: unknown): number | undefined {
  return (Object(error) as { readonly statusCode?: number }).statusCode;
}

function codeOf(error: unknown): string | undefined {
  const { code, details } = Object(error) as {
    readonly code?: string;
    readonly details?: { readonly errorCode?: string };
  };
  return details?.errorCode ?? code;
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
