import type * as S3 from "@aws-sdk/client-s3";
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

/** The official client, loaded. */
export type S3Module = typeof S3;

/** One bucket of an S3 service. */
export class S3Driver implements BucketDriver {
  readonly url: string;
  readonly #bucket: string;
  readonly #module: S3Module;
  readonly #client: S3.S3Client;

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
      return {
        sizeBytes: total === undefined ? (answer.ContentLength ?? 0) : Number(total),
        etag: answer.ETag,
        body: answer.Body === undefined ? nothing() : (answer.Body as AsyncIterable<Uint8Array>),
      };
    } catch (error) {
      const status = statusOf(error);
      if (isMissing(error)) return undefined;
      if (status === 412) throw new Changed("changed", { cause: error });
      if (status !== 416) throw error;
      // Beyond the end, where there may be an end at all.
      const entry = await this.head(key, { signal });
      return entry && { sizeBytes: entry.sizeBytes, etag, body: nothing() };
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
      if (isMissing(error)) return undefined;
      throw error;
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
    try {
      await this.#client.send(new this.#module.CopyObjectCommand({ ...this.#at(to), CopySource: source }), {
        abortSignal: signal,
      });
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async remove(key: string, { signal }: DriverCallOptions): Promise<void> {
    try {
      await this.#client.send(new this.#module.DeleteObjectCommand(this.#at(key)), { abortSignal: signal });
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  async *list(prefix: string, { signal }: DriverCallOptions): AsyncGenerator<DriverEntry> {
    let token: string | undefined;
    do {
      const page: S3.ListObjectsV2CommandOutput = await this.#client.send(
        new this.#module.ListObjectsV2Command({
          Bucket: this.#bucket,
          Prefix: prefix,
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
        { abortSignal: signal },
      );
      for (const { Key, Size, LastModified } of page.Contents ?? [])
        if (Key !== undefined) yield { key: Key, sizeBytes: Size ?? 0, modifiedMs: LastModified?.getTime() ?? 0 };
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  judge(error: unknown): DriverVerdict {
    if (error instanceof Changed) return { kind: "changed", systemCode: "412" };
    const name = error instanceof Error ? error.name : "";
    const status = statusOf(error);
    const systemCode = name === "" || name === "Error" ? status?.toString() : name;
    if (error instanceof Error && error.message.includes("Region is missing"))
      return {
        kind: "other",
        systemCode: undefined,
        problem: "no region is set: give AWS_REGION, region, or ?region=…",
      };
    const known = this.#judgeByName(name, systemCode);
    if (known !== undefined) return known;
    if (status === 401) return { kind: "access", systemCode };
    // To tell that there is no such object takes the right to list the bucket.
    if (status === 403)
      return {
        kind: "access",
        systemCode,
        problem:
          "the service refused it, as S3 also does for objects that are missing where the user may not list the bucket (s3:ListBucket)",
      };
    if (status === 501) return { kind: "unsupported", systemCode };
    if (status === 507) return { kind: "full", systemCode };
    if (status === 404) return { kind: "missing", systemCode };
    if (status === 301 || status === 307 || name === "AuthorizationHeaderMalformed")
      return {
        kind: "other",
        systemCode,
        problem: `the bucket ${this.#bucket} is in another region than the one that was asked (give it: region, or ?region=…)`,
      };
    // 409 is what AWS says of two conditional writes at the same time: one of them is to come again.
    if (status === 408 || status === 409 || status === 429 || (status !== undefined && status >= 500))
      return { kind: "passing", systemCode, ...retryAfterOf(error) };
    return judgeNetwork(error) ?? { kind: "other", systemCode };
  }

  close(): void {
    this.#client.destroy();
  }

  #judgeByName(name: string, systemCode: string | undefined): DriverVerdict | undefined {
    switch (name) {
      case "NoSuchBucket":
        return {
          kind: "other",
          systemCode,
          problem: `there is no bucket ${this.#bucket}: create it, or mend its name`,
        };
      case "CredentialsProviderError":
        return {
          kind: "access",
          systemCode,
          problem:
            "there are no credentials for S3: the client looks for AWS_ACCESS_KEY_ID, AWS_PROFILE, a role, and so on",
        };
      case "InvalidAccessKeyId":
      case "SignatureDoesNotMatch":
      case "ExpiredToken":
        return { kind: "access", systemCode, problem: `the service does not accept the credentials (${name})` };
      case "RequestTimeTooSkewed":
        return {
          kind: "other",
          systemCode,
          problem: "the clock of this machine is wrong: set it, the service refuses what is too old",
        };
      case "SlowDown":
      case "RequestTimeout":
      case "InternalError":
      case "ServiceUnavailable":
      case "OperationAborted":
      case "IncompleteBody":
        return { kind: "passing", systemCode };
      case "NotImplemented":
        return { kind: "unsupported", systemCode };
      case "QuotaExceeded":
      case "EntityTooLarge":
        return { kind: "full", systemCode };
      default:
        return undefined;
    }
  }

  #at(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#bucket, Key: key };
  }
}

class Changed extends Error {}

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

  async abort(): Promise<void> {
    await this.#client.send(new this.#module.AbortMultipartUploadCommand(this.#at));
  }
}

function metadataOf({ writer }: DriverPutOptions): { readonly Metadata?: Record<string, string> } {
  return writer === undefined ? {} : { Metadata: { writer } };
}

/** Answers to HEAD have no body that would name the failure. */
function isMissing(error: unknown): boolean {
  const name = error instanceof Error ? error.name : "";
  return (
    name === "NoSuchKey" ||
    name === "NotFound" ||
    (statusOf(error) === 404 && name !== "NoSuchBucket" && name !== "NoSuchUpload")
  );
}

function statusOf(error: unknown): number | undefined {
  return (Object(error) as { readonly $metadata?: { readonly httpStatusCode?: number } }).$metadata?.httpStatusCode;
}

function retryAfterOf(error: unknown): { readonly retryAfterMs?: number } {
  const { $response } = Object(error) as { readonly $response?: { readonly headers?: Record<string, string> } };
  const seconds = Number($response?.headers?.["retry-after"]);
  return Number.isFinite(seconds) && seconds > 0 ? { retryAfterMs: seconds * 1000 } : {};
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
