import type { AccessToken } from "./access-token.ts";
import { RequestRefusal } from "./request-refusal.ts";

/** The head of a request, with every header as often as it was sent. */
export interface RequestHead {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
}

/** The server that a request has come to. */
export interface ServerIdentity {
  /** The hosts under which it may be asked, each with its port: `127.0.0.1:4321`. */
  readonly hosts: ReadonlySet<string>;
  readonly port: number;
  readonly token: AccessToken;
}

/** A request that may be answered. */
export type CheckedRequest =
  | { readonly kind: "ask"; readonly path: string; readonly query: URLSearchParams }
  /** The browser has given the token: it gets the cookie, and the same page without the token. */
  | { readonly kind: "enter"; readonly location: string };

/** Long enough for 200 addresses. */
const MAX_URL_LENGTH = 16_000;
/** `//host/`, `/\\host/` and `http://host/` would name another host. */
const PLAIN_URL = /^\/(?!\/)[!-[\]-~]*$/;

/**
 * Checks a request before anything else looks at it. The order matters: what a foreign page sends
 * is refused before the token is looked at.
 *
 * @throws {@link RequestRefusal}
 */
export function checkRequest({ method, url = "", headers }: RequestHead, server: ServerIdentity): CheckedRequest {
  const host = checkHost(headers.host, server);
  checkOrigin(headers, host);
  checkMethod(method, headers);
  checkUrl(url);
  const [path = "", search = ""] = splitAt(url, "?");
  const query = new URLSearchParams(search);
  const tokens = query.getAll("token");
  if (tokens.length > 0) return enter(path, query, tokens, server);
  if (!server.token.isIn(headers.cookie?.join(";"), server.port))
    throw new RequestRefusal(
      "EXPLORER_NO_TOKEN",
      "This browser has not given the token of this explorer.",
      "Open the address that `persistable explore` printed, with its token.",
    );
  return { kind: "ask", path, query };
}

/** A name that an attacker lets point to 127.0.0.1 is not one of ours (DNS rebinding). */
function checkHost(hosts: readonly string[] | undefined, server: ServerIdentity): string {
  const [host = ""] = hosts ?? [];
  if (hosts?.length === 1 && server.hosts.has(host.toLowerCase())) return host.toLowerCase();
  throw new RequestRefusal(
    "EXPLORER_FOREIGN_HOST",
    "The request is for another host.",
    `Open http://127.0.0.1:${server.port}, or start \`persistable explore\` with --host.`,
  );
}

function checkOrigin(headers: RequestHead["headers"], host: string): void {
  const isForeign =
    headers.origin?.some((origin) => origin !== `http://${host}`) === true ||
    headers["sec-fetch-site"]?.some((site) => !isOwnSite(site, headers)) === true;
  if (isForeign)
    throw new RequestRefusal(
      "EXPLORER_FOREIGN_ORIGIN",
      "Another page has sent the request.",
      "Paste the address into the address bar instead of following a link.",
    );
}

/**
 * `none` is an address that the user has typed. Another port of this machine is the same site: a
 * link on its page may lead here, but its scripts may not ask.
 */
function isOwnSite(site: string, headers: RequestHead["headers"]): boolean {
  if (site !== "same-site") return site === "same-origin" || site === "none";
  return headers["sec-fetch-mode"]?.join() === "navigate" && headers["sec-fetch-dest"]?.join() === "document";
}

function checkMethod(method: string | undefined, headers: RequestHead["headers"]): void {
  const hasBody = headers["transfer-encoding"] !== undefined || headers["content-length"]?.some((size) => size !== "0");
  if ((method === "GET" || method === "HEAD") && hasBody !== true) return;
  throw new RequestRefusal(
    "EXPLORER_READ_ONLY",
    "The explorer only reads.",
    "Send GET or HEAD without a body. To change a data directory, use the command line.",
  );
}

function checkUrl(url: string): void {
  if (url.length > MAX_URL_LENGTH)
    throw new RequestRefusal(
      "EXPLORER_TOO_LONG",
      `The address has ${url.length} characters, of ${MAX_URL_LENGTH} that it may have.`,
      "Ask for fewer artifacts or columns at once.",
    );
  if (!PLAIN_URL.test(url))
    throw new RequestRefusal(
      "EXPLORER_BAD_REQUEST",
      "The address of the request is not a path.",
      "Begin the path with one slash, and encode everything that is not ASCII.",
    );
}

function enter(
  path: string,
  query: URLSearchParams,
  tokens: readonly string[],
  { token }: ServerIdentity,
): CheckedRequest {
  if (!tokens.every((given) => token.isToken(given)))
    throw new RequestRefusal(
      "EXPLORER_WRONG_TOKEN",
      "The token is not the one of this explorer.",
      "Each start of `persistable explore` has a token of its own: open the address that it printed last.",
    );
  query.delete("token");
  const rest = query.toString();
  return { kind: "enter", location: rest === "" ? path : `${path}?${rest}` };
}

function splitAt(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + mark.length)];
}
