import type { BlobDownloadResponseParsed, BlockBlobClient, ContainerClient } from "@azure/storage-blob";
import { fieldsOf } from "../../../util/fields-of.ts";
import { randomHex } from "../../../util/random-hex.ts";
import {
  type BucketDriver,
  type DriverCallOptions,
  type DriverEntry,
  type DriverGetOptions,
  type DriverListOptions,
  type DriverObject,
  type DriverPage,
  type DriverPutOptions,
  type DriverUpload,
  type ErrorClass,
  noBytes,
  ObjectChanged,
  unlessMissing,
} from "../bucket-driver.ts";
import { classifyAzureError, codeOf, isMissing, statusOf } from "./classify-azure-error.ts";

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
      if (statusOf(error) === 412 && etag !== undefined) throw new ObjectChanged("changed", { cause: error });
      if (statusOf(error) !== 416) throw error;
      // The range begins beyond the end of the object, if the object exists at all.
      const entry = await this.head(key, { signal });
      return entry && { sizeBytes: entry.sizeBytes, etag, body: noBytes() };
    }
  }

  async head(key: string, { signal }: DriverCallOptions): Promise<DriverEntry | undefined> {
    return unlessMissing(isMissing, undefined, async () => {
      const answer = await this.#blob(key).getProperties({ abortSignal: signal });
      return {
        key,
        sizeBytes: answer.contentLength ?? 0,
        modifiedMs: answer.lastModified?.getTime() ?? 0,
        writer: answer.metadata?.writer,
      };
    });
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
    const options = { abortSignal: signal, intervalInMs: 100 };
    return unlessMissing(isMissing, false, async () => {
      const copying = await this.#blob(to).beginCopyFromURL(this.#blob(from).url, options);
      await copying.pollUntilDone();
      return true;
    });
  }

  async remove(key: string, { signal }: DriverCallOptions): Promise<void> {
    await this.#blob(key).deleteIfExists({ abortSignal: signal });
  }

  async list(prefix: string, { signal, after, isFolderAlone }: DriverListOptions): Promise<DriverPage> {
    const settings = after === undefined ? {} : { continuationToken: after };
    const options = { prefix, abortSignal: signal };
    const pages =
      isFolderAlone === true
        ? this.#container.listBlobsByHierarchy("/", options).byPage(settings)
        : this.#container.listBlobsFlat(options).byPage(settings);
    for await (const { segment, continuationToken = "" } of pages) {
      const entries = segment.blobItems.map(({ name, properties: { contentLength, lastModified } }) => ({
        key: name,
        sizeBytes: contentLength ?? 0,
        modifiedMs: lastModified.getTime(),
      }));
      const { blobPrefixes } = fieldsOf(segment);
      const listed: readonly unknown[] = Array.isArray(blobPrefixes) ? blobPrefixes : [];
      const folders = listed.map((folder) => fieldsOf(folder).name).filter((name) => typeof name === "string");
      return { entries, folders, next: continuationToken === "" ? undefined : continuationToken };
    }
    return { entries: [], next: undefined };
  }

  classify(error: unknown): ErrorClass {
    return classifyAzureError(error, this.#container);
  }

  #blob(key: string): BlockBlobClient {
    return this.#container.getBlockBlobClient(key);
  }
}

class AzureUpload implements DriverUpload {
  readonly minPartBytes = 1;
  readonly maxParts = 50_000;
  readonly #blob: BlockBlobClient;
  readonly #options: DriverPutOptions;
  /**
   * Makes block ids differ between uploads: the blocks of several uploads to one name lie together
   * until one upload is committed.
   */
  readonly #name = randomHex(9);
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
    // There is no request for this: uncommitted blocks are never visible, and the service drops
    // them after a week.
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
  // If the body is never read, an error without a listener would end the process; a reader gets the
  // error anyway.
  answer.readableStreamBody?.on("error", () => {});
  return {
    sizeBytes: total === undefined ? (answer.contentLength ?? 0) : Number(total),
    etag: answer.etag,
    body: (answer.readableStreamBody as AsyncIterable<Uint8Array> | undefined) ?? noBytes(),
  };
}

/** Returns a `Buffer`: the client takes a plain `Uint8Array` for text. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
