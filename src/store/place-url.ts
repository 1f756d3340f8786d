import { UnknownStoreError } from "../errors/store-errors.ts";
import { assertNoCredentials } from "./place-credentials.ts";

/** What a URL of each service may say besides the place. */
const OPTIONS = {
  "s3:": ["region", "endpoint", "path-style"],
  "az:": ["account", "endpoint"],
  "gs:": ["project", "endpoint"],
  "sftp:": [],
} as const satisfies Readonly<Record<string, readonly string[]>>;

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

/**
 * @throws {@link UnknownStoreError} where it names no place, has an option that there is not, or holds credentials.
 */
export function parsePlaceUrl(given: string, protocol: keyof typeof OPTIONS): PlaceUrl {
  assertNoCredentials(given);
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || url.protocol !== protocol) throw new UnknownStoreError(given);
  const { hostname, port, username, searchParams } = url;
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

function tryDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
