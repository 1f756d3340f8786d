import type { DecodeError } from "../../errors/format-errors.ts";
import { decodeInline } from "../../record/inline-payload.ts";
import { findExpectedInlineLine, findSource } from "../../record/layout.ts";
import type { StorePath } from "../../store/store.ts";
import { isPromise } from "../../util/is-promise.ts";
import { loadPart } from "../../util/peers/load-part.ts";
import { recordPath } from "../layout/record-path.ts";
import { type ReadOutcome, SYNC_READ_BYTES, type WantedArtifact } from "./read-outcome.ts";
import { type Decoded, tryDecode } from "./try-decode.ts";

/**
 * Reads and verifies an artifact. If it lies in one small record, and the store can read
 * synchronously, the outcome is given at once, without a promise.
 *
 * @throws {@link FormatMismatchError}, {@link NewerRecordError}, a StoreError; never because an
 * artifact is missing or damaged
 */
export function readArtifact(wanted: WantedArtifact): ReadOutcome | Promise<ReadOutcome> {
  const { store, name, address, formats, limits } = wanted;
  const path = recordPath(name, address);
  if (wanted.needsRecord === true) return readWhole(wanted, path);
  const record = store.sync?.readShared(path, SYNC_READ_BYTES);
  if (record === undefined && store.sync !== undefined) return { state: "missing" };
  if (record === undefined || record === "too-large") return readWhole(wanted, path);
  const [format] = formats;
  const line = format.inline === false ? undefined : findExpectedInlineLine(record, address, format.id);
  if (line === undefined || format.inline === false) return readWhole(wanted, path, new Uint8Array(record));
  const source = findSource(record);
  const bytes = decodeInline(format.inline, line);
  const decoded = tryDecode(format.id, () => format.decode(bytes, limits));
  if (isPromise(decoded)) return decoded.then((value) => inlineOutcome(wanted, path, value, source));
  return inlineOutcome(wanted, path, decoded, source);
}

function inlineOutcome(
  wanted: WantedArtifact,
  path: StorePath,
  decoded: Decoded | DecodeError,
  source: string | undefined,
): ReadOutcome | Promise<ReadOutcome> {
  if ("value" in decoded) return { state: "present", payload: decoded.value, record: undefined, source };
  return readWhole(wanted, path);
}

/** Most hits do not need this code: it is loaded when it is first needed. */
async function readWhole(wanted: WantedArtifact, path: StorePath, first?: Uint8Array): Promise<ReadOutcome> {
  const { readWholeArtifact } = await loadPart(() => import("./read-whole-artifact.ts"));
  return readWholeArtifact(wanted, path, first);
}
