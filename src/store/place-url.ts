import { UnknownStoreError } from "../errors/store-errors.ts";

/** What a URL of each service may say besides the place. */
const OPTIONS = {
  "s3:": ["region", "endpoint", "path-style"],
  "az:": ["account", "endpoint"],
  "gs:": ["project", "endpoint"],
  "sftp:": [],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type PlaceProtocol = keyof typeof OPTIONS;

/** The URL of a place at a service, taken apart. */
export interface PlaceUrl {
  /** A bucket, a container, a server. */
  readonly host: string;
  readonly port: number | undefined;
  readonly username: string | undefined;
  /** With its slash, decoded; empty where there is none. */
  readonly path: string;
  /** What it says besides the place. */
  option(name: string): string | undefined;
}

export function isPlaceProtocol(protocol: string): protocol is PlaceProtocol {
  return Object.hasOwn(OPTIONS, protocol);
}

/**
 * Looked at before anybody shows it: what it must not hold would stand in messages and logs.
 *
 * @throws {@link UnknownStoreError} where it names no place, has an option that there is not, or holds credentials.
 */
export function parsePlaceUrl(given: string, protocol: PlaceProtocol): PlaceUrl {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || url.protocol !== protocol) throw new UnknownStoreError(withoutPassword(given));
  const { hostname, port, username, password, searchParams } = url;
  if (password !== "" || (username !== "" && protocol !== "sftp:") || holdsCredentials(searchParams.get("endpoint")))
    throw new UnknownStoreError(
      `A URL with ${protocol === "sftp:" ? "a password" : "credentials"} in it (${protocol})`,
    );
  const path = tryDecode(url.pathname);
  const user = tryDecode(username);
  if (hostname === "" || path === undefined || user === undefined) throw new UnknownStoreError(given);
  const known: readonly string[] = OPTIONS[protocol];
  const unknown = [...searchParams.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) throw new UnknownStoreError(describeUnknown(given, unknown, known));
  return {
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? undefined : Number(port),
    username: user === "" ? undefined : user,
    path,
    option: (name) => searchParams.get(name) ?? undefined,
  };
}

function describeUnknown(given: string, unknown: string, known: readonly string[]): string {
  const options = known.length === 0 ? "has no options" : `has the options ${known.join(", ")}`;
  return `${given.split("?")[0]} with ${JSON.stringify(unknown)} (such a URL ${options})`;
}

function holdsCredentials(endpoint: string | null): boolean {
  if (endpoint === null || !URL.canParse(endpoint)) return false;
  const { username, password } = new URL(endpoint);
  return username !== "" || password !== "";
}

function withoutPassword(text: string): string {
  return text.replace(/(?<=:\/\/)[^/]*@/, "…@");
}

function tryDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
