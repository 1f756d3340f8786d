import { decodeInline } from "../../record/inline-payload.ts";
import { findExpectedInline, findMaking } from "../../record/layout.ts";
import { isPromise } from "../../util/is-promise.ts";
import type { ReadOutcome, WantedArtifact } from "./read-outcome.ts";
import { tryDecode } from "./try-decode.ts";

type PresentArtifact = Extract<ReadOutcome, { readonly state: "present" }>;

/**
 * Verifies and decodes a payload that lies in its record, without parsing the record. Gives
 * `undefined` for every other artifact: it may be good, in a file of its own, or damaged.
 */
export function readInline(
  { formats: [format], address, limits, needs }: WantedArtifact,
  record: Uint8Array,
): PresentArtifact | undefined | Promise<PresentArtifact | undefined> {
  const { inline } = format;
  const found = inline === false ? undefined : findExpectedInline(record, address, format.id);
  if (found === undefined || inline === false) return undefined;
  const { line, source } = found;
  // The next read of the store may reuse the memory of the record.
  const making = needs === "making" ? findMaking(record) : undefined;
  const bytes = decodeInline(inline, line);
  const decoded = tryDecode(format.id, () => format.decode(bytes, limits));
  const outcome = (value: Awaited<typeof decoded>): PresentArtifact | undefined =>
    "value" in value ? { state: "present", payload: value.value, record: undefined, source, making } : undefined;
  return isPromise(decoded) ? decoded.then(outcome) : outcome(decoded);
}
