import type { Bucket } from "@google-cloud/storage";
import { messageOf } from "../../../errors/error-kind.ts";
import { fieldsOf } from "../../../util/fields-of.ts";
import { callHttp, type HttpAnswer, textOf } from "../http-exchange.ts";
import { retryAfterOf } from "../retry-after.ts";

/** The service refused the request. */
export class GcsRefusal extends Error {
  readonly status: number;
  /** The reason, such as `rateLimitExceeded`, if the answer has one. */
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

/** One request to the service. */
export interface GcsCall {
  readonly method: string;
  /** A path within the API, or a whole address that the service gave. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: readonly Uint8Array[];
  readonly signal: AbortSignal;
  /** The status codes, besides 2xx, that are not refusals. */
  readonly accepts?: readonly number[];
  /** The request needs no credentials: the service gave its address for one upload. */
  readonly isOpen?: boolean;
}

/**
 * The JSON API of Cloud Storage as a bucket's client reaches it, with the client's credentials, its
 * address and its `userProject`. It sends its own requests, since those of the client (version 7)
 * cannot be aborted, do not notice when the server ends an answer early, and end the process if
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

  /** The URL that bytes are sent to. */
  get uploadPath(): string {
    return `${this.#bucket.storage.apiEndpoint}/upload/storage/v1/${this.objectsPath}`;
  }

  /**
   * @throws {@link GcsRefusal}, once its text is read; {@link GcsUnauthorized}; the failure of the
   * connection
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
    // A public bucket can be read without credentials; if this one cannot, the missing credentials
    // are the reason.
    if (answer.status === 401 && authorization.failure !== undefined) throw authorization.failure;
    throw refusal;
  }

  /** Does {@link call}, and parses its answer as JSON. */
  async callForJson(wanted: GcsCall): Promise<unknown> {
    const text = await textOf(await this.call(wanted));
    try {
      return JSON.parse(text);
    } catch {
      // The text is left out: the parser's message quotes it.
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
    const { message, errors } = fieldsOf(fieldsOf(JSON.parse(text)).error);
    const { reason } = fieldsOf(Array.isArray(errors) ? errors[0] : undefined);
    if (typeof message === "string") return { message, reason: typeof reason === "string" ? reason : undefined };
  } catch {
    // An answer about bytes comes as plain text.
  }
  return text.trim() === "" ? {} : { message: text.trim().slice(0, 500) };
}
