import { type ClientRequest, Agent as HttpAgent, type IncomingHttpHeaders, request as sendHttp } from "node:http";
import { Agent as HttpsAgent, request as sendHttps } from "node:https";
import { proxyFor, TunnelAgent } from "./proxy-tunnel.ts";

/** One request of a driver that speaks HTTP itself. */
export interface HttpCall {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The chunks are sent one after the other; they are not copied. */
  readonly body?: readonly Uint8Array[] | undefined;
  readonly signal: AbortSignal;
}

/** An answer whose head has arrived, and whose body follows. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /**
   * Rejects if the connection breaks off before the announced end. The reader must read it to the
   * end, or call `return()`.
   */
  readonly body: AsyncIterable<Uint8Array>;
}

const SHARED = { keepAlive: true, maxSockets: 100, scheduling: "lifo" } as const;
const plain = new HttpAgent(SHARED);
const direct = new HttpsAgent(SHARED);
/** The agents by the address of their proxy. */
const tunnels = new Map<string, HttpsAgent>();

function agentFor(url: URL): HttpAgent | undefined {
  if (url.protocol === "http:") return plain;
  if (url.protocol !== "https:") return undefined;
  const proxy = proxyFor(url);
  if (proxy === undefined) return direct;
  const known = tunnels.get(proxy.href) ?? new TunnelAgent(proxy, SHARED);
  tunnels.set(proxy.href, known);
  return known;
}

/**
 * Sends one request, once. Nothing is retried, nothing is decompressed and no redirection is
 * followed; a connection that breaks off rejects, at any point of the answer.
 *
 * @throws Node's error for the failure of the connection, such as `ECONNRESET`; an `AbortError`
 * when the
 * signal is aborted.
 */
export function callHttp({ method, url, headers = {}, body = [], signal }: HttpCall): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const target = new URL(url);
    const agent = agentFor(target);
    if (agent === undefined) throw new TypeError("the address of the service is neither http: nor https:");
    const length = body.reduce((sum, piece) => sum + piece.length, 0);
    const isSent = length > 0 || (method !== "GET" && method !== "DELETE");
    const send = target.protocol === "http:" ? sendHttp : sendHttps;
    const outgoing: ClientRequest = send(target, {
      method,
      agent,
      signal,
      headers: { ...headers, ...(isSent ? { "content-length": length } : {}) },
    });
    // The listener is never removed: without one, an error after the start of the answer would end
    // the process.
    outgoing.on("error", reject);
    outgoing.once("response", (incoming) => {
      // Without a listener, an error would end the process. A reader of the body gets the error as
      // well.
      incoming.on("error", () => {});
      resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: incoming });
    });
    for (const piece of body) outgoing.write(piece);
    outgoing.end();
  });
}

/** A text that a service sends about one request is not longer than this. */
const MAX_TEXT_BYTES = 64 * 1024 * 1024;

/** Reads the whole body as text. */
export async function textOf({ body }: HttpAnswer, onMoved?: () => void): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body) {
    onMoved?.();
    bytes += piece.length;
    if (bytes > MAX_TEXT_BYTES) throw new Error("the service sent more than an answer may have");
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}
