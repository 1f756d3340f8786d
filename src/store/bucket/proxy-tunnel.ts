import { request as askPlainly } from "node:http";
import { type AgentOptions, request as askSecurely, Agent as HttpsAgent } from "node:https";
import { type ConnectionOptions, connect as secure } from "node:tls";

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Returns the proxy that the environment names for a host, by the variables that Google's client
 * reads as well.
 */
export function proxyFor({ hostname, port }: URL, env: Variables = process.env): URL | undefined {
  const given = env.https_proxy || env.HTTPS_PROXY || env.http_proxy || env.HTTP_PROXY;
  if (given === undefined || given === "") return undefined;
  const excluded = (env.no_proxy || env.NO_PROXY || "").split(/[\s,]+/).filter((pattern) => pattern !== "");
  if (excluded.some((pattern) => isOf(pattern.toLowerCase(), hostname, port || "443"))) return undefined;
  const url = given.includes("://") ? given : `http://${given}`;
  return URL.canParse(url) ? new URL(url) : undefined;
}

/**
 * Returns whether a pattern of `NO_PROXY` matches: `example.com` and `.example.com` also match
 * subdomains; `example.com:8443` matches only that port.
 */
function isOf(pattern: string, hostname: string, port: string): boolean {
  const [, name = "", only] = /^\*?\.?(.*?)(?::(\d+))?$/.exec(pattern) ?? [];
  if (pattern === "*") return true;
  return (only === undefined || only === port) && (hostname === name || hostname.endsWith(`.${name}`));
}

/**
 * Keeps connections to servers behind a proxy: the proxy opens a tunnel, and cannot read what goes
 * through.
 */
export class TunnelAgent extends HttpsAgent {
  readonly #proxy: URL;

  constructor(proxy: URL, options: AgentOptions) {
    super(options);
    this.#proxy = proxy;
  }

  override createConnection(
    ...[options, done]: Parameters<HttpsAgent["createConnection"]>
  ): ReturnType<HttpsAgent["createConnection"]> {
    const fail = (error: Error): void => (done as ((error: Error) => void) | undefined)?.(error);
    const target = `${options.host}:${options.port}`;
    const { protocol, hostname, username, password } = this.#proxy;
    const isSecure = protocol === "https:";
    const port = this.#proxy.port || (isSecure ? 443 : 80);
    const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    const authorization =
      username === "" ? {} : { "proxy-authorization": `Basic ${Buffer.from(user).toString("base64")}` };
    const headers = { host: target, ...authorization };
    const ask = isSecure ? askSecurely : askPlainly;
    // Aborting the request aborts the tunnel.
    const asked = ask({ host: hostname, port, method: "CONNECT", path: target, headers, signal: options.signal });
    asked.once("error", fail);
    asked.once("connect", ({ statusCode }, socket) => {
      if (statusCode === 200) {
        done?.(null, secure({ ...options, socket } as ConnectionOptions));
        return;
      }
      socket.destroy();
      fail(new Error(`the proxy of the environment refused the connection (${statusCode})`));
    });
    asked.end();
    // The connection follows later, through `done`.
    return undefined;
  }
}
