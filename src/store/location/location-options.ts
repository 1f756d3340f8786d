/** The options that a URL of each service may have. */
export const LOCATION_OPTIONS = {
  "s3:": ["region", "endpoint", "path-style"],
  "az:": ["account", "endpoint"],
  "gs:": ["project", "endpoint"],
  "sftp:": [],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** A service that has URLs. */
export type LocationProtocol = keyof typeof LOCATION_OPTIONS;

/**
 * Returns the URL as messages show it, without options that the service does not know: they may
 * hold anything.
 */
export function shownUrl(given: string, protocol: LocationProtocol): string {
  const known: readonly string[] = LOCATION_OPTIONS[protocol];
  const [, place = "", query = "", fragment = ""] = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(given) ?? [];
  const options = query
    .slice(1)
    .split("&")
    .map((option) => (option === "" || known.includes(option.split("=")[0] ?? "") ? option : "…"));
  const shown = query === "" ? "" : `?${options.join("&")}`;
  return `${place.replace(/\/+$/, "")}${shown}${fragment === "" ? "" : "#…"}`;
}
