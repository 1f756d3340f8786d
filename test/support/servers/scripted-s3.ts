import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** The operation that a request asks for. */
export type AskedFor = "get" | "head" | "put" | "copy" | "remove" | "begin" | "part" | "complete" | "abort" | "list";

export interface SeenRequest {
  readonly asks: AskedFor;
  /** Without the bucket. */
  readonly key: string;
  readonly range: string | undefined;
  /** The number of the request among those of its kind, from 1. */
  readonly count: number;
}

/** The fault that a request meets. */
export type Mishap =
  /** It is done, and the connection ends without an answer. */
  | { readonly kind: "lost" }
  /** It is done, and the answer never comes. */
  | { readonly kind: "silent" }
  /** It is not done. */
  | { readonly kind: "refused"; readonly status: number; readonly code: string }
  /** The answer's body breaks off after `afterBytes`. */
  | { readonly kind: "cut"; readonly afterBytes: number }
  /** The answer's body stops after `afterBytes`, and the connection stays open. */
  | { readonly kind: "stalled"; readonly afterBytes: number };

interface StoredObject {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly writer: string | undefined;
}

/**
 * A double of S3, to say which request fails and how, which no real server lets one do; what a
 * server really answers is for the tests against real ones. It keeps one bucket in memory and knows
 * what the store asks for.
 */
export class ScriptedS3 implements AsyncDisposable {
  readonly objects = new Map<string, StoredObject>();
  readonly uploads = new Map<string, { readonly parts: Map<number, Buffer>; readonly writer: string | undefined }>();
  readonly seen: SeenRequest[] = [];
  hasBucket = true;
  /** The time by which its clock is ahead of this machine's. */
  clockAheadMs = 0;
  /** Decides the fate of each request. */
  mishap: (request: SeenRequest) => Mishap | undefined = () => undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #made = 0;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  static async start(): Promise<ScriptedS3> {
    const started = new ScriptedS3();
    started.#server.listen(0, "127.0.0.1");
    await once(started.#server, "listening");
    return started;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Connections that are open, used or not. */
  get connectionCount(): number {
    return this.#sockets.size;
  }

  put(key: string, bytes: Uint8Array, writer?: string): void {
    this.objects.set(key, { bytes: Buffer.from(bytes), etag: `"${++this.#made}"`, writer });
  }

  asked(asks: AskedFor): readonly SeenRequest[] {
    return this.seen.filter((request) => request.asks === asks);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://server");
    const key = decodeURIComponent(pathname.split("/").slice(2).join("/"));
    const asks = askedFor(request, searchParams, key);
    const count = this.asked(asks).length + 1;
    const seen: SeenRequest = { asks, key, range: request.headers.range, count };
    this.seen.push(seen);
    const body = await bodyOf(request);
    const nowMs = Date.now() + this.clockAheadMs;
    response.setHeader("date", new Date(nowMs).toUTCString());
    if (Math.abs(signedMs(request) - nowMs) > MAX_SKEW_MS) return answerError(response, 403, "RequestTimeTooSkewed");
    const mishap = this.mishap(seen);
    if (mishap?.kind === "refused") return answerError(response, mishap.status, mishap.code);
    const answer = this.#act(asks, key, request, searchParams, body);
    if (mishap?.kind === "silent") return;
    if (mishap?.kind === "lost") {
      response.destroy();
      return;
    }
    await deliver(response, answer, mishap);
  }

  #act(asks: AskedFor, key: string, { headers }: IncomingMessage, query: URLSearchParams, body: Buffer): Answer {
    const id = query.get("uploadId") ?? "";
    const writer = headers["x-amz-meta-writer"]?.toString();
    const upload = this.uploads.get(id);
    switch (asks) {
      case "get":
      case "head":
        if (key === "") return this.hasBucket ? ok("") : failed(404, "NoSuchBucket");
        return answerObject(this.objects.get(key), headers, asks === "head");
      case "put":
        if (headers["if-none-match"] === "*" && this.objects.has(key)) return failed(412, "PreconditionFailed");
        this.put(key, body, writer);
        return ok("", { etag: '"put"' });
      case "begin":
        this.uploads.set(`upload-${++this.#made}`, { parts: new Map(), writer });
        return ok(
          `<InitiateMultipartUploadResult><UploadId>upload-${this.#made}</UploadId></InitiateMultipartUploadResult>`,
        );
      case "part":
        if (upload === undefined) return failed(404, "NoSuchUpload");
        upload.parts.set(Number(query.get("partNumber")), body);
        return ok("", { etag: '"part"' });
      case "complete": {
        if (upload === undefined) return failed(404, "NoSuchUpload");
        if (headers["if-none-match"] === "*" && this.objects.has(key)) return failed(412, "PreconditionFailed");
        const parts = [...upload.parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes);
        this.put(key, Buffer.concat(parts), upload.writer);
        this.uploads.delete(id);
        return ok('<CompleteMultipartUploadResult><ETag>"whole"</ETag></CompleteMultipartUploadResult>');
      }
      case "abort":
        return this.uploads.delete(id) ? { status: 204, headers: {}, body: "" } : failed(404, "NoSuchUpload");
      case "remove":
        this.objects.delete(key);
        return { status: 204, headers: {}, body: "" };
      default:
        return failed(501, "NotImplemented");
    }
  }
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: string | Buffer;
}

function askedFor({ method, headers }: IncomingMessage, query: URLSearchParams, key: string): AskedFor {
  if (method === "POST") return query.has("uploadId") ? "complete" : "begin";
  if (method === "DELETE") return query.has("uploadId") ? "abort" : "remove";
  if (method === "PUT") {
    if (query.has("uploadId")) return "part";
    return headers["x-amz-copy-source"] === undefined ? "put" : "copy";
  }
  if (method === "HEAD") return "head";
  return key === "" ? "list" : "get";
}

const MAX_SKEW_MS = 15 * 60 * 1000;

/** `20260131T235959Z` */
function signedMs({ headers }: IncomingMessage): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(headers["x-amz-date"]?.toString() ?? "") ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

function answerObject(object: StoredObject | undefined, headers: IncomingMessage["headers"], isHead: boolean): Answer {
  if (object === undefined) return failed(404, "NoSuchKey");
  const { bytes, etag, writer } = object;
  if (headers["if-match"] !== undefined && headers["if-match"] !== etag) return failed(412, "PreconditionFailed");
  const range = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "");
  const start = Number(range?.[1] ?? 0);
  const end = Math.min(bytes.length, Number(range?.[2] ?? bytes.length) + 1);
  if (range !== null && start >= bytes.length) return failed(416, "InvalidRange");
  return {
    status: range === null ? 200 : 206,
    headers: {
      etag,
      "content-length": end - start,
      "last-modified": new Date().toUTCString(),
      ...(range === null ? {} : { "content-range": `bytes ${start}-${end - 1}/${bytes.length}` }),
      ...(writer === undefined ? {} : { "x-amz-meta-writer": writer }),
    },
    body: isHead ? "" : bytes.subarray(start, end),
  };
}

function ok(xml: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 200, headers, body: xml };
}

function failed(status: number, code: string): Answer {
  return { status, headers: {}, body: `<Error><Code>${code}</Code></Error>` };
}

function answerError(response: ServerResponse, status: number, code: string): void {
  const { headers, body } = failed(status, code);
  response.writeHead(status, headers).end(body);
}

async function deliver(
  response: ServerResponse,
  { status, headers, body }: Answer,
  mishap: Mishap | undefined,
): Promise<void> {
  response.writeHead(status, headers);
  if (mishap?.kind !== "cut" && mishap?.kind !== "stalled") {
    response.end(body);
    return;
  }
  const part = Buffer.from(body).subarray(0, mishap.afterBytes);
  await new Promise((resolve) => response.write(part, resolve));
  if (mishap.kind === "cut") response.destroy();
}
