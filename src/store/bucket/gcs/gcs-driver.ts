import type { Bucket } from "@google-cloud/storage";
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
import { textOf } from "../http-exchange.ts";
import { classifyGcsError, isBucketMissing } from "./classify-gcs-error.ts";
import { GcsRefusal, GcsService } from "./gcs-service.ts";
import { GcsUpload } from "./gcs-upload.ts";

/** One bucket of Google Cloud Storage. The number of an object's generation serves as its etag. */
export class GcsDriver implements BucketDriver {
  readonly url: string;
  readonly #service: GcsService;

  constructor(url: string, bucket: Bucket) {
    this.url = url;
    this.#service = new GcsService(bucket);
  }

  async get(key: string, { range, etag, signal }: DriverGetOptions): Promise<DriverObject | undefined> {
    try {
      const { headers, body } = await this.#service.call({
        method: "GET",
        path: this.#service.objectPath(key),
        query: { alt: "media", generation: etag },
        headers: {
          // Objects that were stored compressed must arrive as they are stored.
          "accept-encoding": "gzip",
          ...(range === undefined ? {} : { range: `bytes=${range.start}-${range.end - 1}` }),
        },
        signal,
      });
      const total = /\/(\d+)$/.exec(headers["content-range"] ?? "")?.[1] ?? headers["content-length"] ?? 0;
      return { sizeBytes: Number(total), etag: headers["x-goog-generation"]?.toString(), body };
    } catch (error) {
      const status = statusOf(error);
      // For a generation that was just read, this means that another one has replaced it.
      if (isMissing(error) && etag !== undefined) throw new ObjectChanged("changed", { cause: error });
      if (isMissing(error)) return undefined;
      if (status !== 416) throw error;
      // The range begins beyond the end of the object, if the object exists at all.
      const entry = await this.head(key, { signal });
      return entry && { sizeBytes: entry.sizeBytes, etag, body: noBytes() };
    }
  }

  async head(key: string, { signal }: DriverCallOptions): Promise<DriverEntry | undefined> {
    return unlessMissing(isMissing, undefined, async () => {
      const path = this.#service.objectPath(key);
      const resource = await this.#service.callForJson({ method: "GET", path, signal });
      return { ...entryOf(key, resource), writer: textIn(fieldsOf(resource).metadata, "writer") };
    });
  }

  async put(key: string, bytes: Uint8Array, options: DriverPutOptions): Promise<"created" | "exists"> {
    // One request sends metadata and bytes.
    const boundary = randomHex(18);
    const head =
      `--${boundary}\r\ncontent-type: application/json\r\n\r\n${JSON.stringify(metadataOf(key, options))}\r\n` +
      `--${boundary}\r\ncontent-type: application/octet-stream\r\n\r\n`;
    const answer = await this.#service.call({
      method: "POST",
      path: this.#service.uploadPath,
      query: { uploadType: "multipart", name: key, ...conditionOf(options) },
      headers: { "content-type": `multipart/related; boundary=${boundary}` },
      body: [Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)],
      accepts: options.ifAbsent ? [412] : [],
      signal: options.signal,
    });
    await textOf(answer);
    return answer.status === 412 ? "exists" : "created";
  }

  async startUpload(key: string, options: DriverPutOptions): Promise<DriverUpload> {
    const { status, headers, body } = await this.#service.call({
      method: "POST",
      path: this.#service.uploadPath,
      query: { uploadType: "resumable", name: key, ...conditionOf(options) },
      headers: { "content-type": "application/json", "x-upload-content-type": "application/octet-stream" },
      body: [Buffer.from(JSON.stringify(metadataOf(key, options)))],
      // The service may already refuse to start the upload.
      accepts: options.ifAbsent ? [412] : [],
      signal: options.signal,
    });
    // The address is in the head of the answer, so the body may be dropped.
    await body[Symbol.asyncIterator]().return?.();
    if (status === 412) return new GcsUpload(this.#service, undefined, true);
    if (headers.location === undefined) throw new Error("the service does not say where the upload goes to");
    return new GcsUpload(this.#service, headers.location, options.ifAbsent);
  }

  async copy(from: string, to: string, { signal }: DriverPutOptions): Promise<boolean> {
    const path = `${this.#service.objectPath(from)}/rewriteTo/${this.#service.objectPath(to)}`;
    return unlessMissing(isMissing, false, async () => {
      let rewriteToken: string | undefined;
      do {
        const query = { rewriteToken };
        const answer = await this.#service.callForJson({ method: "POST", path, query, signal });
        rewriteToken = textIn(answer, "rewriteToken");
      } while (rewriteToken !== undefined);
      return true;
    });
  }

  async remove(key: string, { signal }: DriverCallOptions): Promise<void> {
    const call = { method: "DELETE", path: this.#service.objectPath(key), signal };
    await unlessMissing(isMissing, undefined, async () => textOf(await this.#service.call(call)));
  }

  async list(prefix: string, { signal, after, isFolderAlone }: DriverListOptions): Promise<DriverPage> {
    const query = { prefix, pageToken: after, delimiter: isFolderAlone === true ? "/" : undefined };
    const page = await this.#service.callForJson({ method: "GET", path: this.#service.objectsPath, query, signal });
    const { items, prefixes } = fieldsOf(page);
    const resources: readonly unknown[] = Array.isArray(items) ? items : [];
    const entries = resources.flatMap((resource) => {
      const name = textIn(resource, "name");
      return name === undefined ? [] : [entryOf(name, resource)];
    });
    const listed: readonly unknown[] = Array.isArray(prefixes) ? prefixes : [];
    const folders = listed.filter((folder) => typeof folder === "string");
    // The last page has an empty token, or none.
    return { entries, folders, next: textIn(page, "nextPageToken") || undefined };
  }

  classify(error: unknown): ErrorClass {
    return classifyGcsError(error, this.#service.bucketName);
  }
}

function textIn(answer: unknown, field: string): string | undefined {
  const value = fieldsOf(answer)[field];
  return typeof value === "string" ? value : undefined;
}

/** @param resource - the service's description of an object */
function entryOf(key: string, resource: unknown): DriverEntry {
  const sizeBytes = Number(fieldsOf(resource).size ?? 0);
  return { key, sizeBytes, modifiedMs: new Date(textIn(resource, "updated") ?? 0).getTime() };
}

function conditionOf({ ifAbsent }: DriverPutOptions): { readonly ifGenerationMatch?: string } {
  return ifAbsent ? { ifGenerationMatch: "0" } : {};
}

function metadataOf(name: string, { writer }: DriverPutOptions): object {
  return { name, ...(writer === undefined ? {} : { metadata: { writer } }) };
}

function isMissing(error: unknown): boolean {
  return statusOf(error) === 404 && !isBucketMissing(error);
}

function statusOf(error: unknown): number | undefined {
  return error instanceof GcsRefusal ? error.status : undefined;
}
