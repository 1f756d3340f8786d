import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** The double after it has started, with its address. */
export interface GcsDouble extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** The number of uploads that were begun and neither finished nor cancelled. */
  readonly openUploads: number;
  createBucket(): string;
  close(): Promise<void>;
}

interface DoubleObject {
  readonly bytes: Buffer;
  readonly generation: number;
  readonly updated: Date;
  readonly metadata: Readonly<Record<string, string>>;
}

interface DoubleUpload {
  readonly bucket: string;
  readonly name: string;
  readonly onlyIfAbsent: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  bytes: Buffer;
}

/**
 * A TEST DOUBLE, written for these tests, of the part of Cloud Storage's JSON API that the official
 * client asks for on our behalf: objects with generations, preconditions, ranges, resumable
 * uploads, rewrites, lists in pages. There is no server of Google's that could run here.
 */
export async function startGcsDouble(): Promise<GcsDouble> {
  const double = new Double();
  const server = createServer((request, response) => {
    double.answer(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  double.url = `http://127.0.0.1:${port}`;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    port,
    url: double.url,
    get openUploads() {
      return double.uploads.size;
    },
    createBucket: () => double.createBucket(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

const PAGE = 1000;

class Double {
  url = "";
  readonly uploads = new Map<string, DoubleUpload>();
  /**
   * The answer to the last part of each upload, which the service repeats when it is asked again.
   */
  readonly #completed = new Map<string, object>();
  readonly #buckets = new Map<string, Map<string, DoubleObject>>();
  #generation = 1_000_000;

  createBucket(): string {
    const name = `bucket-${this.#buckets.size + 1}`;
    this.#buckets.set(name, new Map());
    return name;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const body = await readAll(request);
    const { pathname, searchParams: query } = new URL(request.url ?? "/", this.url);
    const parts = pathname.split("/").map(decodeURIComponent);
    if (pathname.startsWith("/session/")) return this.#continueUpload(parts[2] ?? "", request, body, response);
    const at = parts.indexOf("b");
    const bucket = parts[at + 1] ?? "";
    const objects = this.#buckets.get(bucket);
    if (at === -1 || objects === undefined) return fail(response, 404, "The specified bucket does not exist.");
    const name = parts[at + 3];
    if (pathname.startsWith("/upload/")) return this.#upload(bucket, request, query, body, response);
    if (name === undefined || name === "") return this.#list(objects, query, response);
    if (request.method === "POST") return this.#rewrite(objects, parts, at, response);
    const object = objects.get(name);
    if (object === undefined) return fail(response, 404, `No such object: ${name}`);
    const generation = query.get("generation");
    if (generation !== null && Number(generation) !== object.generation)
      return fail(response, 404, `No such object: ${name}`);
    if (query.get("alt") === "media") return sendBytes(object, request, response);
    if (request.method !== "DELETE") return json(response, resourceOf(bucket, name, object));
    objects.delete(name);
    return response.writeHead(204).end();
  }

  #upload(
    bucket: string,
    request: IncomingMessage,
    query: URLSearchParams,
    body: Buffer,
    response: ServerResponse,
  ): unknown {
    const onlyIfAbsent = query.get("ifGenerationMatch") === "0";
    if (query.get("uploadType") === "resumable") {
      const { metadata = {}, name = query.get("name") ?? "" } = body.length > 0 ? JSON.parse(body.toString()) : {};
      const id = String(this.#generation++);
      this.uploads.set(id, { bucket, name, onlyIfAbsent, metadata, bytes: Buffer.alloc(0) });
      return response.writeHead(200, { location: `${this.url}/session/${id}` }).end();
    }
    const [meta, content] = splitMultipart(request.headers["content-type"] ?? "", body);
    const { metadata = {}, name = query.get("name") ?? "" } = JSON.parse(meta.toString());
    return this.#store({ bucket, name, onlyIfAbsent, metadata, bytes: content }, response);
  }

  #continueUpload(id: string, request: IncomingMessage, body: Buffer, response: ServerResponse): unknown {
    const upload = this.uploads.get(id);
    const completed = this.#completed.get(id);
    if (completed !== undefined && request.method === "PUT") return json(response, completed);
    if (upload === undefined) return fail(response, 410, "This upload is gone.");
    if (request.method === "DELETE") {
      this.uploads.delete(id);
      return response.writeHead(499).end();
    }
    const [, first, total] = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(request.headers["content-range"] ?? "") ?? [];
    if (first !== undefined && Number(first) !== upload.bytes.length) return fail(response, 503, "Not the next byte.");
    upload.bytes = Buffer.concat([upload.bytes, body]);
    if (total !== undefined && total !== "*" && Number(total) === upload.bytes.length) {
      this.uploads.delete(id);
      return this.#store(upload, response, (resource) => this.#completed.set(id, resource));
    }
    const range = upload.bytes.length === 0 ? {} : { range: `bytes=0-${upload.bytes.length - 1}` };
    return response.writeHead(308, range).end();
  }

  #store(
    { bucket, name, onlyIfAbsent, metadata, bytes }: DoubleUpload,
    response: ServerResponse,
    onStored: (resource: object) => void = () => {},
  ): unknown {
    const objects = this.#buckets.get(bucket) as Map<string, DoubleObject>;
    if (onlyIfAbsent && objects.has(name))
      return fail(response, 412, "At least one of the pre-conditions you specified did not hold.");
    const object = { bytes, metadata, generation: this.#generation++, updated: new Date() };
    objects.set(name, object);
    onStored(resourceOf(bucket, name, object));
    return json(response, resourceOf(bucket, name, object));
  }

  #rewrite(
    objects: Map<string, DoubleObject>,
    parts: readonly string[],
    at: number,
    response: ServerResponse,
  ): unknown {
    const source = objects.get(parts[at + 3] ?? "");
    if (source === undefined) return fail(response, 404, `No such object: ${parts[at + 3]}`);
    const [bucket = "", name = ""] = [parts[at + 6], parts[at + 8]];
    const object = { ...source, generation: this.#generation++, updated: new Date() };
    this.#buckets.get(bucket)?.set(name, object);
    return json(response, { done: true, resource: resourceOf(bucket, name, object) });
  }

  #list(objects: Map<string, DoubleObject>, query: URLSearchParams, response: ServerResponse): unknown {
    const prefix = query.get("prefix") ?? "";
    const inFolder = (name: string): string => {
      const end = query.has("delimiter") ? name.indexOf("/", prefix.length) : -1;
      return end === -1 ? name : name.slice(0, end + 1);
    };
    const names = [...new Set([...objects.keys()].filter((name) => name.startsWith(prefix)).map(inFolder))].sort();
    const start = Number(query.get("pageToken") ?? 0);
    const size = Number(query.get("maxResults") ?? PAGE);
    const page = names.slice(start, start + size);
    return json(response, {
      items: page.flatMap((name) => {
        const object = objects.get(name);
        return object === undefined ? [] : [resourceOf("", name, object)];
      }),
      prefixes: page.filter((name) => !objects.has(name)),
      ...(start + size < names.length ? { nextPageToken: String(start + size) } : {}),
    });
  }
}

function sendBytes({ bytes, generation }: DoubleObject, request: IncomingMessage, response: ServerResponse): unknown {
  const headers = { "x-goog-generation": String(generation), "content-type": "application/octet-stream" };
  const [, start, end] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  if (start === undefined) {
    return response.writeHead(200, { ...headers, "content-length": bytes.length }).end(bytes);
  }
  if (Number(start) >= bytes.length) return fail(response, 416, "The requested range cannot be satisfied.");
  const part = bytes.subarray(Number(start), end === "" ? bytes.length : Number(end) + 1);
  const range = `bytes ${start}-${Number(start) + part.length - 1}/${bytes.length}`;
  return response.writeHead(206, { ...headers, "content-length": part.length, "content-range": range }).end(part);
}

function resourceOf(bucket: string, name: string, object: DoubleObject): object {
  const { bytes, generation, updated, metadata } = object;
  return {
    kind: "storage#object",
    bucket,
    name,
    size: String(bytes.length),
    generation: String(generation),
    updated,
    metadata,
  };
}

/** The two parts of a multipart/related body: JSON, and bytes. */
function splitMultipart(type: string, body: Buffer): [Buffer, Buffer] {
  const boundary = /boundary=["']?([^"';]+)/.exec(type)?.[1] ?? "";
  const mark = Buffer.from(`--${boundary}`);
  const parts: Buffer[] = [];
  for (let start = body.indexOf(mark); start !== -1; ) {
    const from = start + mark.length;
    const end = body.indexOf(mark, from);
    if (end === -1) break;
    const part = body.subarray(from, end);
    const head = part.indexOf("\r\n\r\n");
    parts.push(part.subarray(head + 4, part.length - 2));
    start = end;
  }
  return [parts[0] ?? Buffer.from("{}"), parts[1] ?? Buffer.alloc(0)];
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

function json(response: ServerResponse, value: object): unknown {
  return response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
}

function fail(response: ServerResponse, code: number, message: string): unknown {
  return response
    .writeHead(code, { "content-type": "application/json" })
    .end(JSON.stringify({ error: { code, message, errors: [{ message, reason: "test" }] } }));
}
