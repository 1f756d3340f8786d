import type { DecodeLimits } from "./format.ts";

/**
 * The default bounds. They are so high that a payload which this library wrote runs out of memory
 * before it exceeds one of them.
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { defaultDecodeLimits } from "persistable-ts";
 * import { formatOf } from "persistable-ts/format";
 *
 * const format = await formatOf("gzip(json)");
 * await format.decode(await readFile("settings.json.gz"), { ...defaultDecodeLimits, maxBytes: 1_000_000 });
 * ```
 */
export const defaultDecodeLimits: DecodeLimits = Object.freeze({
  maxBytes: 16 * 1024 ** 3,
  maxDepth: 1000,
  maxNodes: 100_000_000,
  maxRatio: 1000,
});

/** The given limits, and the defaults for the rest. */
export function resolveDecodeLimits(limits: Partial<DecodeLimits> | undefined): DecodeLimits {
  return limits === undefined ? defaultDecodeLimits : { ...defaultDecodeLimits, ...limits };
}
