import { UnknownStoreError } from "../../errors/store-errors.ts";
import { assertNoCredentials, describeLocation } from "./location-credentials.ts";
import { LOCATION_OPTIONS, type LocationProtocol } from "./location-options.ts";

/** The parts of a location's URL. */
export interface LocationUrl {
  /** A bucket, a container, or a server. */
  readonly host: string;
  readonly port: number | undefined;
  readonly username: string | undefined;
  /** The decoded path with its slash; empty if there is none. */
  readonly path: string;
  /** Returns the value of an option. */
  option(name: string): string | undefined;
}

/**
 * @throws {@link UnknownStoreError} if the URL names no location, has an unknown option, or holds
 * credentials.
 */
export function parseLocationUrl(given: string, protocol: LocationProtocol): LocationUrl {
  assertNoCredentials(given);
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || url.protocol !== protocol) throw new UnknownStoreError(describeLocation(given));
  const { hostname, port, username, searchParams, hash } = url;
  const path = tryDecode(url.pathname);
  const user = tryDecode(username);
  if (hostname === "" || path === undefined || user === undefined) throw new UnknownStoreError(describeLocation(given));
  if (hash !== "")
    throw new UnknownStoreError(
      `${describeLocation(given)} with a # (it would not be read; write %23 for one in a name)`,
    );
  const known: readonly string[] = LOCATION_OPTIONS[protocol];
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
  // The name is shown only if it is a word, since anything else could be a value.
  const name = /^[a-z][a-z_-]{0,23}$/i.test(unknown) ? JSON.stringify(unknown) : "an option";
  return `${describeLocation(given)} with ${name} (such a URL ${options})`;
}

function tryDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
