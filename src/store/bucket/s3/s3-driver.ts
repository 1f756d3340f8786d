import type * as S3 from "@aws-sdk/client-s3";
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
import { classifyS3Error, isMissing, statusOf } from "./classify-s3-error.ts";

export type S3Module = typeof S3;

/** One bucket of an S3 service. */
export class S3Driver implements BucketDriver {
  readonly url: string;
  readonly #bucket: string;
  readonly #module: S3Module;
  readonly #client: S3.S3Client;
  #isBucketThere = false;

  constructor(url: string, bucket: string, module: S3Module, client: S3.S3Client) {
    this.url = url;
    this.#bucket = bucket;
    this.#module = module;
    this.#client = client;
  }

  async get(key: string, { range, etag, signal }: DriverGetOptions): Promise<DriverObject | undefined> {
    const input: S3.GetObjectCommandInput = {
      ...this.#at(key),
      ...(range === undefined ? {} : { Range: `bytes=${range.start}-${range.end - 1}` }),
      ...(etag === undefined ? {} : { IfMatch: etag }),
    };
    try {
      const answer = await this.#client.send(new this.#module.GetObjectCommand(input), { abortSignal: signal });
      const total = /\/(\d+)$/.exec(answer.ContentRange ?? "")?.[1];
      // If the body is never read, an error without a listener would end the process.
      (answer.Body as Partial<NodeJS.ReadableStream> | undefined)?.on?.("error", () => {});
      return {
        sizeBytes: total === undefined ? (answer.ContentLength ?? 0) : Number(total),
        etag: answer.ETag,
        body: answer.Body === undefined ? noBytes() : (answer.Body as AsyncIterable<Uint8Array>),
      };
    } catch (error) {
      const status = statusOf(error);
      if (isMissing(error)) return undefined;
      if (status === 412 && etag !== undefined) throw new ObjectChanged("changed", { cause: error });
      if (status !== 416) throw error;
      // The range begins beyond the end of the object, if the object exists at all.
      const entry = await this.head(key, { signal });
      return entry && { sizeBytes: entry.sizeBytes, etag, body: noBytes() };
    }
  }

  async head(key: string, { signal }: DriverCallOptions): Promise<DriverEntry | undefined> {
    try {
      const answer = await this.#client.send(new this.#module.HeadObjectCommand(this.#at(key)), {
        abortSignal: signal,
      });
      return {
        key,
        sizeBytes: answer.ContentLength ?? 0,
        modifiedMs: answer.LastModified?.getTime() ?? 0,
        writer: answer.Metadata?.writer,
      };
    } catch (error) {
      if (!isMissing(error)) throw error;
      await this.#checkBucket(signal);
      return undefined;
    }
  }

  async put(key: string, bytes: Uint8Array, options: DriverPutOptions): Promise<"created" | "exists"> {
    const { signal, ifAbsent } = options;
    try {
      await this.#client.send(
        new this.#module.PutObjectCommand({
          ...this.#at(key),
          ...metadataOf(options),
          Body: bytes,
          ContentLength: bytes.length,
          ...(ifAbsent ? { IfNoneMatch: "*" } : {}),
        }),
        { abortSignal: signal },
      );
      return "created";
    } catch (error) {
      if (ifAbsent && statusOf(error) === 412) return "exists";
      throw error;
    }
  }

  async startUpload(key: string, options: DriverPutOptions): Promise<DriverUpload> {
    const at = this.#at(key);
    const { UploadId } = await this.#client.send(
      new this.#module.CreateMultipartUploadCommand({ ...at, ...metadataOf(options) }),
      { abortSignal: options.signal },
    );
    return new S3Upload(this.#module, this.#client, { ...at, UploadId }, options.ifAbsent);
  }

  async copy(from: string, to: string, { signal }: DriverPutOptions): Promise<boolean> {
    const source = `${this.#bucket}/${from.split("/").map(encodeURIComponent).join("/")}`;
    const command = new this.#module.CopyObjectCommand({ ...this.#at(to), CopySource: source });
    return unlessMissing(isMissing, false, async () => {
      await this.#client.send(command, { abortSignal: signal });
      return true;
    });
  }

  async remove(key: string, { signal }: DriverCallOptions): Promise<void> {
    const command = new this.#module.DeleteObjectCommand(this.#at(key));
    await unlessMissing(isMissing, undefined, () => this.#client.send(command, { abortSignal: signal }));
  }

  async list(prefix: string, { signal, after, isFolderAlone }: DriverListOptions): Promise<DriverPage> {
    const page: S3.ListObjectsV2CommandOutput = await this.#client.send(
      new this.#module.ListObjectsV2Command({
        Bucket: this.#bucket,
        Prefix: prefix,
        ...(isFolderAlone === true ? { Delimiter: "/" } : {}),
        ...(after === undefined ? {} : { ContinuationToken: after }),
      }),
      { abortSignal: signal },
    );
    const entries = (page.Contents ?? []).flatMap(({ Key, Size, LastModified }) =>
      Key === undefined ? [] : [{ key: Key, sizeBytes: Size ?? 0, modifiedMs: LastModified?.getTime() ?? 0 }],
    );
    const folders = (page.CommonPrefixes ?? []).flatMap(({ Prefix }) => (Prefix === undefined ? [] : [Prefix]));
    if (page.IsTruncated !== true) return { entries, folders, next: undefined };
    if (page.NextContinuationToken === undefined)
      throw new Error("the service cut its list short, and does not say how it goes on");
    return { entries, folders, next: page.NextContinuationToken };
  }

  classify(error: unknown): ErrorClass {
    return classifyS3Error(error, this.#bucket);
  }

  close(): void {
    this.#client.destroy();
  }

  /**
   * Distinguishes a missing object from a missing bucket, which look the same to a HEAD: a missing
   * bucket must not look like an empty one.
   */
  async #checkBucket(signal: AbortSignal): Promise<void> {
    if (this.#isBucketThere) return;
    try {
      await this.#client.send(new this.#module.HeadBucketCommand({ Bucket: this.#bucket }), { abortSignal: signal });
    } catch (cause) {
      if (statusOf(cause) === 404)
        throw Object.assign(new Error("there is no such bucket", { cause }), { name: "NoSuchBucket" });
      // A user without the right to inspect the bucket may still have the right to read the object.
      if (statusOf(cause) !== 403) throw cause;
    }
    this.#isBucketThere = true;
  }

  #at(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#bucket, Key: key };
  }
}

interface UploadTarget {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string | undefined;
}

class S3Upload implements DriverUpload {
  readonly minPartBytes = 5 * 1024 * 1024;
  readonly maxParts = 10_000;
  readonly #module: S3Module;
  readonly #client: S3.S3Client;
  readonly #at: UploadTarget;
  readonly #ifAbsent: boolean;
  readonly #etags = new Map<number, string | undefined>();

  constructor(module: S3Module, client: S3.S3Client, at: UploadTarget, ifAbsent: boolean) {
    this.#module = module;
    this.#client = client;
    this.#at = at;
    this.#ifAbsent = ifAbsent;
  }

  async sendPart(part: number, bytes: Uint8Array, { signal }: DriverCallOptions): Promise<void> {
    const { ETag } = await this.#client.send(
      new this.#module.UploadPartCommand({
        ...this.#at,
        PartNumber: part,
        Body: bytes,
        ContentLength: bytes.length,
      }),
      { abortSignal: signal },
    );
    this.#etags.set(part, ETag);
  }

  async complete({ signal }: DriverCallOptions): Promise<"created" | "exists"> {
    const parts = [...this.#etags].sort(([a], [b]) => a - b).map(([PartNumber, ETag]) => ({ PartNumber, ETag }));
    try {
      await this.#client.send(
        new this.#module.CompleteMultipartUploadCommand({
          ...this.#at,
          MultipartUpload: { Parts: parts },
          ...(this.#ifAbsent ? { IfNoneMatch: "*" } : {}),
        }),
        { abortSignal: signal },
      );
      return "created";
    } catch (error) {
      if (this.#ifAbsent && statusOf(error) === 412) return "exists";
      throw error;
    }
  }

  async abort({ signal }: DriverCallOptions): Promise<void> {
    await this.#client.send(new this.#module.AbortMultipartUploadCommand(this.#at), { abortSignal: signal });
  }
}

function metadataOf({ writer }: DriverPutOptions): { readonly Metadata?: Record<string, string> } {
  return writer === undefined ? {} : { Metadata: { writer } };
}
