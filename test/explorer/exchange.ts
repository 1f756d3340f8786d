import { connect } from "node:net";
import type { Explorer } from "../../src/explorer/start-explorer.ts";

/** The response to a request that was sent as bytes. */
export interface RawResponse {
  /** Undefined if the server ended the connection without one. */
  readonly status: number | undefined;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/**
 * Sends these bytes to a port of this machine, and returns what comes back until the end. A server
 * that refuses a request before it has read all of it resets the connection: the rest cannot be
 * written (EPIPE, ECONNRESET), and the system may drop the answer as well.
 */
export async function sendRaw(port: number, bytes: string): Promise<RawResponse> {
  const socket = connect(port, "127.0.0.1");
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  // `once` of node:events would throw such an error of the connection.
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.on("error", () => {});
  socket.write(bytes, "latin1");
  await closed;
  const text = Buffer.concat(chunks).toString();
  const end = text.indexOf("\r\n\r\n");
  const [first = "", ...lines] = text.slice(0, end === -1 ? 0 : end).split("\r\n");
  const headers = lines.map((line): [string, string] => {
    const at = line.indexOf(":");
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
  });
  const status = /^HTTP\/1\.1 (\d{3})/.exec(first)?.[1];
  return {
    status: status === undefined ? undefined : Number(status),
    headers: new Map(headers),
    body: text.slice(end + 4),
  };
}

/** A browser that has opened an explorer: it has the cookie. */
export class Visitor {
  readonly port: number;
  readonly cookie: string;

  private constructor(port: number, cookie: string) {
    this.port = port;
    this.cookie = cookie;
  }

  static async enter({ url }: Explorer): Promise<Visitor> {
    const response = await fetch(url, { redirect: "manual" });
    const [cookie = ""] = (response.headers.get("set-cookie") ?? "").split(";");
    return new Visitor(Number(new URL(url).port), cookie);
  }

  get(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { cookie: this.cookie, ...init.headers };
    return fetch(`http://127.0.0.1:${this.port}${path}`, { ...init, headers });
  }

  /** Sends a request as text, with the cookie and further lines. */
  send(line: string, ...headers: readonly string[]): Promise<RawResponse> {
    const head = [`${line} HTTP/1.1`, `Cookie: ${this.cookie}`, "Connection: close", ...headers];
    return sendRaw(this.port, `${head.join("\r\n")}\r\n\r\n`);
  }
}
