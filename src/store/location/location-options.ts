/** What a URL of each service may say besides the place. */
export const PLACE_OPTIONS = {
  "s3:": ["region", "endpoint", "path-style"],
  "az:": ["account", "endpoint"],
  "gs:": ["project", "endpoint"],
  "sftp:": [],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** A service that has URLs. */
export type PlaceProtocol = keyof typeof PLACE_OPTIONS;

/**
 * The URL as it is shown, without what the service does not know: an option that nobody reads may
 * be anything.
 */
export function shownUrl(given: string, protocol: PlaceProtocol): string {
  const known: readonly string[] = PLACE_OPTIONS[protocol];
  const [, place = "", query = "", fragment = ""] = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(given) ?? [];
  const options = query
    .slice(1)
    .split("&")
    .map((option) => (option === "" || known.includes(option.split("=")[0] ?? "") ? option : "…"));
  const shown = query === "" ? "" : `?${options.join("&")}`;
  return `${place.replace(/\/+$/, "")}${shown}${fragment === "" ? "" : "#…"}`;
}
