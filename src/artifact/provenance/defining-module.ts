import { sha256Hex } from "../../util/digest/sha256.ts";

/**
 * Returns the first module outside of this library on the stack of a definition. Reading a stack is
 * costly, so the caller does it only when it generates a payload: most definitions of a process
 * never generate one.
 *
 * @param trace - an Error that was made where the definition was made
 */
export function locateDefinition(trace: Error): string | undefined {
  const own = moduleOf(new Error().stack?.split("\n")[1]);
  for (const line of (trace.stack ?? "").split("\n").slice(1)) {
    const location = moduleOf(line);
    if (location === undefined || location.startsWith("node:")) continue;
    if (own !== undefined && isOurs(asUrl(location), asUrl(own))) continue;
    return location;
  }
  // The library is bundled into one file with the module that uses it.
  return own;
}

/**
 * Returns the fingerprint of a source text. The record holds it, but no address depends on it,
 * since bundlers, coverage tools and runtimes change the text of a function.
 */
export function fingerprintSource(text: string): string {
  return `sha256:${sha256Hex(text)}`;
}

function moduleOf(line: string | undefined): string | undefined {
  const match = /(?:\(|at (?:async )?)((?:file:\/\/|node:|https?:\/\/|\/|[A-Za-z]:[\\/]).*?):\d+:\d+\)?$/.exec(
    line?.trim() ?? "",
  );
  return match?.[1];
}

/**
 * Returns the URL of a module. One stack may name modules by URL and by path: a loader such as tsx
 * gives a path to what it transforms, and leaves the rest as it is.
 */
export function asUrl(location: string): string {
  return /^[a-z][a-z0-9+.-]+:/i.test(location)
    ? location
    : process.getBuiltinModule("node:url").pathToFileURL(location).href;
}

/**
 * Unbundled, this file is in `src/artifact/provenance/`, and all of `src/` is ours. Bundled, it is
 * in `dist/chunks/`, and all of `dist/` is ours.
 */
function isOurs(url: string, own: string): boolean {
  const root =
    /^(.*\/src\/)artifact\/provenance\/[^/]+$/.exec(own)?.[1] ?? /^(.*\/dist\/)chunks\/[^/]+$/.exec(own)?.[1];
  return url === own || (root !== undefined && url.startsWith(root));
}
