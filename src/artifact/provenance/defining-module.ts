import { sha256Hex } from "../../util/digest/sha256.ts";

/**
 * The first module on a stack that is not ours. Only its text is kept here: the stack is not read before somebody asks, since most
 * definitions in a process are never generated in it.
 *
 * @param trace - an Error made where the definition was made
 */
export function locateDefinition(trace: Error): string | undefined {
  const own = moduleOf(new Error().stack?.split("\n")[1]);
  for (const line of (trace.stack ?? "").split("\n").slice(1)) {
    const location = moduleOf(line);
    if (location === undefined || location.startsWith("node:") || location === own) continue;
    if (own !== undefined && isOurs(location, own)) continue;
    return location;
  }
  // Bundled into one file with its user.
  return own;
}

/** Recorded, not keyed: the text is not stable across bundlers, coverage tools and runtimes. */
export function fingerprintSource(generator: (...args: never) => unknown): string {
  return `sha256:${sha256Hex(Function.prototype.toString.call(generator))}`;
}

function moduleOf(line: string | undefined): string | undefined {
  const match = /(?:\(|at (?:async )?)((?:file:\/\/|node:|https?:\/\/|\/|[A-Za-z]:[\\/]).*?):\d+:\d+\)?$/.exec(
    line?.trim() ?? "",
  );
  return match?.[1];
}

/** Unbundled, this file is in `src/artifact/provenance/` and the whole of `src/` is ours; bundled, it is in `dist/chunks/`, and the whole of `dist/` is. */
function isOurs(location: string, own: string): boolean {
  const root =
    /^(.*[/\\]src[/\\])artifact[/\\]provenance[/\\][^/\\]+$/.exec(own)?.[1] ??
    /^(.*[/\\]dist[/\\])chunks[/\\][^/\\]+$/.exec(own)?.[1];
  return root !== undefined && location.startsWith(root);
}
