import type { Format, FormatFor } from "./format.ts";

/**
 * Lets a format of `In` serve payloads of every narrower type. A payload that passes `check` comes
 * back equal, so it has its narrower type again. Only the format can keep this promise, and the
 * compiler cannot check it.
 *
 * @example
 * ```ts
 * import { definePersistable } from "persistable-ts";
 * import { formatFor } from "persistable-ts/format";
 * import { upperCase } from "./pipeline.ts";
 *
 * definePersistable({ name: "answer", generate: (): "YES" | "NO" => "YES", format: formatFor(upperCase) });
 * ```
 */
export function formatFor<In>(format: Format<In>): FormatFor<In> {
  return format as FormatFor<In>;
}
