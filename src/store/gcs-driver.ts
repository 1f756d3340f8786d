import type { Bucket, File } from "@google-cloud/storage";
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
import { GcsUpload, UploadRefused } from "./gcs-upload.ts";
import { judgeNetwork } from "./judge-network.ts";

/** One bucket of Google Cloud Storage. A generation number stands for an etag. */
export class GcsDriver implements BucketDriver {
  readonly url: string;
  readonly #bucket: Bucket;

  constructor(url: string, bucket: Bucket) {
    this.url = url;
    this.#bucket = bucket;
  }

  async get(key: string, { range, etag, signal }: DriverGetOptions): Promise<DriverObject | undefined> {
    const file = this.#bucket.file(key, etag === undefined ? {} : { generation: etag });
    try {
      return await readFrom(file, range, signal);
    } catch (error) {
      const status = statusOf(error);
      // Of a generation that was read from a moment ago, this means another one has taken its place.
      if (status === 404 && etag !== undefined) throw new Changed("changed", { cause: error });
      if (isMissing(error)) return undefined;
      if (status !== 416) throw error;
      // Beyond the end, where there may be an end at all.
      const entry = await this.head(key);
      return entry && { sizeBytes: entry.sizeBytes, etag, body: nothing() };
    }
  }

  async head(key: string): Promise<DriverEntry | undefined> {
    try {
      const [{ size, updated, metadata }] = await this.#bucket.file(key).getMetadata();
      const writer = metadata?.writer;
      const modifiedMs = new Date(updated ?? 0).getTime();
      return { key, sizeBytes: Number(size ?? 0), modifiedMs, ...(typeof writer === "string" ? { writer } : {}) };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async put(key: string, bytes: Uint8Array, options: DriverPutOptions): Promise<"created" | "exists"> {
    try {
      await this.#bucket.file(key).save(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
        resumable: false,
        validation: false,
        ...writeOptionsOf(options),
      });
      return "created";
    } catch (error) {
      if (options.ifAbsent && statusOf(error) === 412) return "exists";
      throw error;
    }
  }

  async startUpload(key: string, options: DriverPutOptions): Promise<DriverUpload> {
    try {
      const [uri] = await this.#bucket.file(key).createResumableUpload(writeOptionsOf(options));
      return new GcsUpload(uri, options.ifAbsent);
    } catch (error) {
      // The service already refuses to begin.
      if (options.ifAbsent && statusOf(error) === 412) return new GcsUpload(undefined, true);
      throw error;
    }
  }

  async copy(from: string, to: string): Promise<boolean> {
    try {
      await this.#bucket.file(from).copy(this.#bucket.file(to));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async remove(key: string): Promise<void> {
    await this.#bucket.file(key).delete({ ignoreNotFound: true });
  }

  async *list(prefix: string, { signal }: DriverCallOptions): AsyncGenerator<DriverEntry> {
    let pageToken: string | undefined;
    do {
      signal.throwIfAborted();
      const page: [File[], { readonly pageToken?: string } | null, ...unknown[]] = await this.#bucket.getFiles({
        prefix,
        // The client's own query for the next page would forget this.
        autoPaginate: false,
        ...(pageToken === undefined ? {} : { pageToken }),
      });
      for (const { name, metadata } of page[0])
        yield {
          key: name,
          sizeBytes: Number(metadata.size ?? 0),
          modifiedMs: new Date(metadata.updated ?? 0).getTime(),
        };
      pageToken = page[1]?.pageToken;
    } while (pageToken !== undefined);
  }

  judge(error: unknown): DriverVerdict {
    if (error instanceof Changed) return { kind: "changed", systemCode: "404" };
    const status = statusOf(error);
    const systemCode = status?.toString();
    const message = error instanceof Error ? error.message : "";
    if (isBucketMissing(error))
      return {
        kind: "other",
        systemCode,
        problem: `there is no bucket ${this.#bucket.name}: create it, or mend its name`,
      };
    if (/Could not load the default credentials/.test(message))
      return {
        kind: "access",
        systemCode: undefined,
        problem:
          "there are no credentials for Google Cloud: the client looks for GOOGLE_APPLICATION_CREDENTIALS, gcloud auth application-default login, a service account, and so on",
      };
    if (status === 401 || status === 403) return { kind: "access", systemCode };
    if (status === 501) return { kind: "unsupported", systemCode };
    if (status === 404) return { kind: "missing", systemCode };
    if (status === 408 || status === 429 || (status !== undefined && status >= 500 && status < 600))
      return { kind: "passing", systemCode };
    return judgeNetwork(error) ?? { kind: "other", systemCode };
  }
}

class Changed extends Error {}

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

function readFrom(file: File, range: DriverGetOptions["range"], signal: AbortSignal): Promise<DriverObject> {
  const body = file.createReadStream({
    // Payloads are verified by their own digests, and must come as they lie there.
    validation: false,
    decompress: false,
    ...(range === undefined ? {} : { start: range.start, end: range.end - 1 }),
  });
  const stop = (): void => void body.destroy(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  body.once("close", () => signal.removeEventListener("abort", stop));
  return new Promise((resolve, reject) => {
    // Also of whoever leaves it unread: an error that nobody hears ends the process.
    body.on("error", reject);
    body.once("response", ({ statusCode, headers }: Answer) => {
      // The error comes with what the service says of it.
      if (statusCode >= 400) return;
      const total = /\/(\d+)$/.exec(headers["content-range"] ?? "")?.[1] ?? headers["content-length"] ?? 0;
      resolve({ sizeBytes: Number(total), etag: headers["x-goog-generation"], body });
    });
    // Nothing is asked for before somebody reads.
    body.resume().pause();
  });
}

function writeOptionsOf({ ifAbsent, writer }: DriverPutOptions) {
  return {
    ...(ifAbsent ? { preconditionOpts: { ifGenerationMatch: 0 } } : {}),
    ...(writer === undefined ? {} : { metadata: { metadata: { writer } } }),
  };
}

function isMissing(error: unknown): boolean {
  return statusOf(error) === 404 && !isBucketMissing(error);
}

function isBucketMissing(error: unknown): boolean {
  return statusOf(error) === 404 && error instanceof Error && error.message.includes("specified bucket does not exist");
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof UploadRefused) return error.status;
  const { code, status } = Object(error) as { readonly code?: unknown; readonly status?: unknown };
  const found = [code, status].map(Number).find((number) => number >= 100 && number < 600);
  return found;
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
