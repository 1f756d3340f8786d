import type { StorePath } from "../../store/store.ts";
import { isPromise } from "../../util/is-promise.ts";
import { lazyPart } from "../../util/peers/load-part.ts";
import { recordPath } from "../layout/record-path.ts";
import { readInline } from "./read-inline.ts";
import { type ReadOutcome, SYNC_BYTES, type WantedArtifact } from "./read-outcome.ts";

const readWholeArtifactPart = lazyPart(() => import("./read-whole-artifact.ts"));

/**
 * Reads and verifies an artifact. If it lies in one small record, and the store can read
 * synchronously, the outcome is given at once, without a promise.
 *
 * @throws {@link FormatMismatchError}, {@link NewerRecordError}, a StoreError; never because an
 * artifact is missing or damaged
 */
export function readArtifact(wanted: WantedArtifact): ReadOutcome | Promise<ReadOutcome> {
  const { store, name, address } = wanted;
  const path = recordPath(name, address);
  if (wanted.needs === "record") return readWhole(wanted, path);
  const record = store.sync?.readShared(path, SYNC_BYTES);
  if (record === undefined && store.sync !== undefined) return { state: "missing" };
  if (record === undefined || record === "too-large") return readWhole(wanted, path);
  const outcome = readInline(wanted, record);
  if (outcome === undefined) return readWhole(wanted, path, new Uint8Array(record));
  return isPromise(outcome) ? outcome.then((present) => present ?? readWhole(wanted, path)) : outcome;
}

/** Most hits do not need this code: it is loaded when it is first needed. */
async function readWhole(wanted: WantedArtifact, path: StorePath, first?: Uint8Array): Promise<ReadOutcome> {
  const { readWholeArtifact } = await readWholeArtifactPart();
  return readWholeArtifact(wanted, path, first);
}
