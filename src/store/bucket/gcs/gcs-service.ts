import type { Bucket } from "@google-cloud/storage";
import { messageOf } from "../../../errors/error-kind.ts";
import { callHttp, type HttpAnswer, textOf } from "../http-exchange.ts";
import { retryAfterOf } from "../retry-after.ts";

/** The service answered, and said no. */
export class GcsRefusal extends Error {
  readonly status: number;
  /** `rateLimitExceeded`, where the answer says it. */
  readonly reason: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor({ status, headers }: HttpAnswer, text: string) {
    const { message, reason } = explain(text);
    super(message ?? "the service refused it");
    this.status = status;
    this.reason = reason;
    this.retryAfterMs = retryAfterOf((name) => headers[name]?.toString()).retryAfterMs;
  }
}

/** The client found no credentials, or they gave no token. */
export class GcsUnauthorized extends Error {
  override readonly name = "GcsUnauthorized";
}

/** What a request to the service is about. */
export interface GcsCall {
  readonly method: string;
  /** Within the API, or a whole address that the service gave. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: readonly Uint8Array[];
  readonly signal: AbortSignal;
  /** Besides 2xx, what is no refusal. */
  readonly accepts?: readonly number[];
  /** An address that the service gave for one upload needs no credentials. */
  readonly isOpen?: boolean;
}

/**
 * The JSON API of Cloud Storage as a bucket's client reaches it: with the client's credentials, its
 * address and its `userProject`. The requests are made here, since those of the client (version 7)
 * cannot be aborted, are not told when the server ends an answer early, and end the process where
 * the body of an error breaks off.
 */
export class GcsService {
  readonly #bucket: Bucket;

  constructor(bucket: Bucket) {
    this.#bucket = bucket;
  }

  get bucketName(): string {
    return this.#bucket.name;
  }

  /** `b/<bucket>/o/<key>` */
  objectPath(key: string): string {
    return `${this.objectsPath}/${encodeURIComponent(key)}`;
  }

  get objectsPath(): string {
    return `b/${encodeURIComponent(this.#bucket.name)}/o`;
  }

  /** Where bytes are sent to. */
  get uploadPath(): string {
    return `${this.#bucket.storage.apiEndpoint}/upload/storage/v1/${this.objectsPath}`;
  }

  /**
   * @throws {@link GcsRefusal}, once its text is read; {@link GcsUnauthorized}; what the connection
   * failed of.
   */
  async call(wanted: GcsCall): Promise<HttpAnswer> {
    const { method, path, headers, body, signal, accepts = [], isOpen = false } = wanted;
    const url = isOpen ? new URL(path) : this.#urlOf(path, wanted.query ?? {});
    const authorization = isOpen ? { headers: {} } : await this.#authorize(url.href);
    const answer = await callHttp({
      method,
      url: url.href,
      headers: { ...authorization.headers, ...headers },
      body,
      signal,
    });
    if ((answer.status >= 200 && answer.status < 300) || accepts.includes(answer.status)) return answer;
    const refusal = new GcsRefusal(answer, await textOf(answer));
    // Without credentials a public bucket can be read all the same; where it cannot, that there
    // were none is what is wrong.
    if (answer.status === 401 && authorization.failure !== undefined) throw authorization.failure;
    throw refusal;
  }

  /** {@link call}, and its answer as JSON. */
  async callForJson(wanted: GcsCall): Promise<unknown> {
    const text = await textOf(await this.call(wanted));
    try {
      return JSON.parse(text);
    } catch {
      // Without the text: what the parser says quotes it.
      throw Object.assign(new Error("the answer of the service is not JSON"), { code: "PARSE_ERROR" });
    }
  }

  #urlOf(path: string, query: Readonly<Record<string, string | undefined>>): URL {
    const { storage, userProject } = this.#bucket;
    const url = new URL(path.includes("://") ? path : `${storage.baseUrl.replace(/\/+$/, "")}/${path}`);
    for (const [name, value] of Object.entries({ ...query, userProject }))
      if (value !== undefined) url.searchParams.set(name, value);
    return url;
  }

  async #authorize(url: string): Promise<{ readonly headers: Record<string, string>; readonly failure?: Error }> {
    const { customEndpoint, useAuthWithCustomEndpoint, authClient } = this.#bucket.storage;
    if (customEndpoint && useAuthWithCustomEndpoint !== true) return { headers: {} };
    try {
      const headers = new Headers(await authClient.getRequestHeaders(url));
      return { headers: Object.fromEntries(headers) };
    } catch (cause) {
      const failure = new GcsUnauthorized(messageOf(cause), { cause });
      if (!failure.message.includes("Could not load the default credentials")) throw failure;
      return { headers: {}, failure };
    }
  }
}

function explain(text: string): { readonly message?: string | undefined; readonly reason?: string | undefined } {
  try {
    const { error } = JSON.parse(text) as {
      readonly error?: { readonly message?: string; readonly errors?: readonly { readonly reason?: string }[] };
    };
    if (typeof error?.message === "string") return { message: error.message, reason: error.errors?.[0]?.reason };
  } catch {
    // An answer about bytes comes as plain text.
  }
  return text.trim() === "" ? {} : { message: text.trim().slice(0, 500) };
}
