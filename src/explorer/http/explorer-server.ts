import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { hostname, networkInterfaces } from "node:os";
import { InvalidQueryError } from "../../errors/catalog-errors.ts";
import { messageOf } from "../../errors/error-kind.ts";
import type { AccessToken } from "./access-token.ts";
import { checkRequest, type ServerIdentity } from "./check-request.ts";
import { type PageFiles, pageFileAt } from "./page-files.ts";
import { RequestRefusal } from "./request-refusal.ts";
import { respond, respondRefusal } from "./respond.ts";

/** How a server of the explorer is started. */
export interface ServerOptions {
  readonly page: PageFiles;
  readonly token: AccessToken;
  /** 0 for any free port. */
  readonly port: number;
  /** The address to listen at; this machine alone by default. */
  readonly host?: string | undefined;
  /**
   * Answers a request under `/api/`. The signal aborts when the browser does not wait any more.
   *
   * @throws {@link RequestRefusal}, or any other error, which is told as a failure
   */
  answer(path: string, query: URLSearchParams, response: ServerResponse, signal: AbortSignal): Promise<void>;
}

/** A server that listens. */
export interface ExplorerServer {
  readonly port: number;
  /** The address for a browser, without the token. */
  readonly url: string;
  close(): Promise<void>;
}

const MAX_IN_FLIGHT = 32;
const MAX_CONNECTIONS = 256;
/** A client that sends its request more slowly than this is cut off. */
const REQUEST_MS = 10_000;
const MAX_HEADER_BYTES = 32 * 1024;
/** The port is chosen for the first address, and may be in use at the second one. */
const PORT_ATTEMPTS = 10;

/**
 * Serves the page and its answers.
 *
 * @throws the error of the system if the port cannot be used
 */
export async function serveExplorer(options: ServerOptions): Promise<ExplorerServer> {
  const { host } = options;
  for (let attempt = 1; ; attempt++) {
    const first = await listen(options, host ?? "127.0.0.1", options.port);
    const second = host === undefined ? await listenToo(options, first.port) : undefined;
    if (second === "in use" && options.port === 0 && attempt < PORT_ATTEMPTS) {
      await first.close();
      continue;
    }
    const shown = host === undefined || isAnyAddress(host) ? "127.0.0.1" : bracketed(host);
    return {
      port: first.port,
      url: `http://${shown}:${first.port}/`,
      async close() {
        await first.close();
        if (typeof second === "object") await second.close();
      },
    };
  }
}

interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

/** Not every machine has IPv6. */
async function listenToo(options: ServerOptions, port: number): Promise<Listener | "in use" | undefined> {
  try {
    return await listen(options, "::1", port);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EADDRINUSE" ? "in use" : undefined;
  }
}

async function listen(options: ServerOptions, host: string, port: number): Promise<Listener> {
  const settings = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: REQUEST_MS,
    requestTimeout: REQUEST_MS,
    connectionsCheckingInterval: 1000,
    keepAliveTimeout: 5000,
    // A request without a host is refused like one for a foreign host.
    requireHostHeader: false,
  };
  const server = createServer(settings);
  server.maxConnections = MAX_CONNECTIONS;
  server.listen(port, host);
  await once(server, "listening");
  const listening = portOf(server);
  const identity = { hosts: hostsOf(options.host, listening), port: listening, token: options.token };
  const desk = new RequestDesk(options, identity);
  server.on("request", (request, response) => void desk.take(request, response));
  return {
    port: listening,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Takes the requests of one listener. */
class RequestDesk {
  readonly #options: ServerOptions;
  readonly #identity: ServerIdentity;
  #inFlight = 0;

  constructor(options: ServerOptions, identity: ServerIdentity) {
    this.#options = options;
    this.#identity = identity;
  }

  async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const controller = new AbortController();
    response.once("close", () => controller.abort(new Error("The browser has ended the request.")));
    const isApi = request.url?.startsWith("/api/") === true;
    try {
      await this.#answer(request, response, controller.signal);
    } catch (error) {
      if (controller.signal.aborted || response.destroyed) return;
      if (response.headersSent) response.destroy();
      else respondRefusal(response, refusalOf(error), isApi);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const { method, url, headersDistinct } = request;
    const checked = checkRequest({ method, url, headers: headersDistinct }, this.#identity);
    if (checked.kind === "enter") {
      const { token, port } = this.#identity;
      const headers = { location: checked.location, "set-cookie": token.setCookie(port) };
      respond(response, 303, "", headers);
      return;
    }
    const { path, query } = checked;
    if (!path.startsWith("/api/")) return this.#sendPage(path, response);
    if (this.#inFlight >= MAX_IN_FLIGHT)
      throw new RequestRefusal(
        "EXPLORER_BUSY",
        `${MAX_IN_FLIGHT} requests are being answered already.`,
        "Try again in a second.",
      );
    this.#inFlight += 1;
    try {
      await this.#options.answer(path, query, response, signal);
    } finally {
      this.#inFlight -= 1;
    }
  }

  #sendPage(path: string, response: ServerResponse): void {
    const { page } = this.#options;
    if (page.size === 0)
      throw new RequestRefusal(
        "EXPLORER_NOT_BUILT",
        "The page of the explorer is not built.",
        "Run `npm run build` in the folder of persistable-ts, and start the explorer again.",
      );
    const file = pageFileAt(page, path);
    // The page itself says that it does not know a path, with links to those that it knows.
    const answer = file ?? (/\.[^/]*$/.test(path) ? undefined : pageFileAt(page, "/"));
    if (answer === undefined)
      throw new RequestRefusal("EXPLORER_NOT_FOUND", "There is no such page.", "Begin at the address /.");
    respond(response, file === undefined ? 404 : 200, answer.bytes, { "content-type": answer.type });
  }
}

function refusalOf(error: unknown): RequestRefusal {
  if (error instanceof RequestRefusal) return error;
  if (error instanceof InvalidQueryError)
    return new RequestRefusal("PERSISTABLE_INVALID_QUERY", error.message, error.hint, error.position);
  return new RequestRefusal(
    "EXPLORER_FAILED",
    `The answer failed: ${messageOf(error)}`,
    "Load the page again; if that does not help, start the explorer again.",
  );
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server listens at no port.");
  return address.port;
}

/** The hosts by which a browser may name the server. */
function hostsOf(host: string | undefined, port: number): ReadonlySet<string> {
  const own = ["127.0.0.1", "localhost", "[::1]"];
  const asked = host === undefined ? [] : isAnyAddress(host) ? machineHosts() : [bracketed(host)];
  return new Set([...own, ...asked].map((each) => `${each.toLowerCase()}:${port}`));
}

function isAnyAddress(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

function machineHosts(): readonly string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  return [hostname(), ...addresses.map(({ address }) => bracketed(address))];
}

/** URLs write an address of IPv6 in brackets. */
function bracketed(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}
