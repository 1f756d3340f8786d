import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * A server that speaks just enough S3 for the official client, and keeps everything in memory: what
 * is measured against it is the client's side. It tells its port to the parent, forgets everything
 * when the parent writes a line, and ends with the parent.
 */
interface StoredObject {
  readonly pieces: readonly Buffer[];
  readonly sizeBytes: number;
  readonly etag: string;
}

const objects = new Map<string, StoredObject>();
const uploads = new Map<string, Map<number, readonly Buffer[]>>();
let made = 0;

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => response.destroy(error as Error));
});
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
process.on("message", () => objects.clear());
process.on("disconnect", () => process.exit());

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://server");
  const uploadId = searchParams.get("uploadId");
  switch (request.method) {
    case "GET":
    case "HEAD":
      if (/^\/[^/]+\/?$/.test(pathname)) return sendList(response, `${pathname}/${searchParams.get("prefix") ?? ""}`);
      return send(request, response, objects.get(pathname));
    case "PUT":
      if (uploadId !== null) return takePart(request, response, uploadId, Number(searchParams.get("partNumber")));
      if (refuses(request, pathname)) return fail(request, response, 412, "PreconditionFailed");
      return created(response, keep(pathname, await piecesOf(request)));
    case "POST":
      return uploadId === null ? begin(request, response) : complete(request, response, pathname, uploadId);
    case "DELETE":
      objects.delete(pathname);
      return void response.writeHead(204).end();
    default:
      return fail(request, response, 501, "NotImplemented");
  }
}

async function takePart(request: IncomingMessage, response: ServerResponse, id: string, part: number): Promise<void> {
  uploads.get(id)?.set(part, await piecesOf(request));
  created(response, `"part-${part}"`);
}

function begin(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  const id = `upload-${++made}`;
  uploads.set(id, new Map());
  sendXml(response, 200, `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
}

function complete(request: IncomingMessage, response: ServerResponse, pathname: string, id: string): void {
  request.resume();
  if (refuses(request, pathname)) {
    fail(request, response, 412, "PreconditionFailed");
    return;
  }
  const parts = [...(uploads.get(id) ?? [])].sort(([a], [b]) => a - b);
  uploads.delete(id);
  const etag = keep(
    pathname,
    parts.flatMap(([, pieces]) => pieces),
  );
  sendXml(response, 200, `<CompleteMultipartUploadResult><ETag>${etag}</ETag></CompleteMultipartUploadResult>`);
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  object: StoredObject | undefined,
): Promise<void> {
  if (object === undefined) return fail(request, response, 404, "NoSuchKey");
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
  const start = Number(range?.[1] ?? 0);
  const end = Math.min(object.sizeBytes, Number(range?.[2] ?? object.sizeBytes) + 1);
  if (start >= end && range !== null) return fail(request, response, 416, "InvalidRange");
  response.writeHead(range === null ? 200 : 206, {
    etag: object.etag,
    "content-length": end - start,
    "last-modified": new Date().toUTCString(),
    ...(range === null ? {} : { "content-range": `bytes ${start}-${end - 1}/${object.sizeBytes}` }),
  });
  if (request.method === "GET") {
    let at = 0;
    for (const piece of object.pieces) {
      const wanted = piece.subarray(Math.max(0, start - at), Math.max(0, end - at));
      at += piece.length;
      if (wanted.length === 0 || response.write(wanted)) continue;
      await new Promise((resolve) => response.once("drain", resolve));
    }
  }
  response.end();
}

/** Answers a list of the bucket; the answer to a HEAD only says that the bucket exists. */
function sendList(response: ServerResponse, prefix: string): void {
  const bucketLength = prefix.indexOf("/", 1) + 1;
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  const contents = keys.map((key) => {
    const { sizeBytes } = objects.get(key) ?? { sizeBytes: 0 };
    return `<Contents><Key>${key.slice(bucketLength)}</Key><Size>${sizeBytes}</Size></Contents>`;
  });
  sendXml(response, 200, `<ListBucketResult><IsTruncated>false</IsTruncated>${contents.join("")}</ListBucketResult>`);
}

function refuses({ headers }: IncomingMessage, pathname: string): boolean {
  return headers["if-none-match"] === "*" && objects.has(pathname);
}

function keep(pathname: string, pieces: readonly Buffer[]): string {
  const etag = `"${++made}"`;
  objects.set(pathname, { pieces, etag, sizeBytes: pieces.reduce((sum, { length }) => sum + length, 0) });
  return etag;
}

async function piecesOf(request: IncomingMessage): Promise<readonly Buffer[]> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return pieces;
}

function created(response: ServerResponse, etag: string): void {
  response.writeHead(200, { etag }).end();
}

function fail(request: IncomingMessage, response: ServerResponse, status: number, code: string): void {
  request.resume();
  sendXml(response, status, `<Error><Code>${code}</Code></Error>`);
}

function sendXml(response: ServerResponse, status: number, xml: string): void {
  response.writeHead(status, { "content-type": "application/xml" }).end(`<?xml version="1.0"?>${xml}`);
}
