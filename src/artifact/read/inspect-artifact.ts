import type { Address } from "../../address/address.ts";
import { ArtifactInFlightError } from "../../errors/artifact-errors.ts";
import { isRecord, parseRecord } from "../../record/parse-record.ts";
import type { ArtifactRecord, RecordedPayload } from "../../record/record.ts";
import type { ReadableStore, StorePath } from "../../store/store.ts";
import type { ClassCodec } from "../../util/class-codec.ts";
import { isPayloadFileOf, payloadPath } from "../layout/artifact-paths.ts";
import { isFileList } from "../layout/payload-objects.ts";
import { readRecordBytes, readRecordNow } from "../layout/read-record-bytes.ts";
import { recordPath } from "../layout/record-path.ts";
import { describeSize } from "./describe-size.ts";
import { readFileList } from "./read-file-list.ts";

/** The state of an artifact, as far as it can be told without reading the payload. */
export type Inspected =
  | { readonly state: "present"; readonly record: ArtifactRecord }
  | { readonly state: "missing" }
  | { readonly state: "damaged"; readonly file: StorePath; readonly problem: string };

/**
 * How often an artifact is looked at again because it was replaced meanwhile. Reading has the same
 * bound.
 */
const MAX_LOOKS = 8;

/**
 * Checks the record, and that the payload is there with the right size. The digest is not checked:
 * that happens when the payload is loaded.
 *
 * @throws {@link NewerRecordError}, {@link ArtifactInFlightError}, a StoreError
 */
export async function inspectArtifact(
  store: ReadableStore,
  name: string,
  address: Address,
  classes: readonly ClassCodec[],
  signal: AbortSignal | undefined,
): Promise<Inspected> {
  const path = recordPath(name, address);
  let bytes = await readRecordNow(store, path, { signal });
  let isHealed = false;
  for (let look = 0; look < MAX_LOOKS; look++) {
    if (bytes === undefined) return { state: "missing" };
    const inspected = await inspectFrom(store, name, address, classes, signal, bytes);
    if (inspected.state === "present") return inspected;
    // As in a read, damage is believed only if the record that was judged is still in the store.
    const again = await readRecordBytes(store, path, { signal });
    if (again === undefined || Buffer.compare(again, bytes) !== 0) bytes = again;
    else {
      if (isHealed || inspected.state !== "damaged" || store.layers === undefined) return inspected;
      const judged = { recordBytes: bytes, isAsWritten: inspected.file === path };
      isHealed = (await store.layers.heal(path, judged, { signal })).isHealed;
      if (!isHealed) return inspected;
      bytes = await readRecordBytes(store, path, { signal });
    }
  }
  throw new ArtifactInFlightError(name, path);
}

async function inspectFrom(
  store: ReadableStore,
  name: string,
  address: Address,
  classes: readonly ClassCodec[],
  signal: AbortSignal | undefined,
  bytes: Uint8Array,
): Promise<Inspected> {
  const path = recordPath(name, address);
  const record = parseRecord(bytes, path, classes);
  if (!isRecord(record)) return { state: "damaged", file: path, problem: record.problem };
  if (record.address !== address)
    return { state: "damaged", file: path, problem: `is the record of another address, ${record.address}` };
  const { file, sizeBytes } = record.payload;
  if (file === undefined) return { state: "present", record };
  if (!isPayloadFileOf(file, address))
    return { state: "damaged", file: path, problem: `names a payload outside its place: ${JSON.stringify(file)}` };
  const payload = payloadPath(name, file);
  const found = await store.stat(payload, { signal });
  if (found === undefined) return { state: "damaged", file: payload, problem: "is missing" };
  const hasItsSize = found.sizeBytes === sizeBytes || (await isRewrittenList(store, payload, record.payload, signal));
  if (!hasItsSize)
    return {
      state: "damaged",
      file: payload,
      problem: await describeSize(store, payload, record.payload, found.sizeBytes, signal),
    };
  return { state: "present", record };
}

/** A tool such as git may have rewritten the line ends of a list of files, which does no harm. */
async function isRewrittenList(
  store: ReadableStore,
  path: StorePath,
  payload: RecordedPayload,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  return isFileList(path) && typeof (await readFileList(store, path, payload, signal)) !== "string";
}
