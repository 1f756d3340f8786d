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
    if (location === undefined || location.startsWith("node:") || location === own) continue;
    if (own !== undefined && isOurs(location, own)) continue;
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
 * Unbundled, this file is in `src/artifact/provenance/`, and all of `src/` is ours. Bundled, it is
 * in `dist/chunks/`, and all of `dist/` is ours.
 */
function isOurs(location: string, own: string): boolean {
  const root =
    /^(.*[/\\]src[/\\])artifact[/\\]provenance[/\\][^/\\]+$/.exec(own)?.[1] ??
    /^(.*[/\\]dist[/\\])chunks[/\\][^/\\]+$/.exec(own)?.[1];
  return root !== undefined && location.startsWith(root);
}
