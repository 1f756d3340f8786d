import { ArtifactInFlightError, CorruptArtifactError, FormatMismatchError } from "../../errors/artifact-errors.ts";
import { DecodeError } from "../../errors/format-errors.ts";
import { formatFailure } from "../../errors/user-code-errors.ts";
import type { Format } from "../../format/format.ts";
import { decodeInlineOfAnyKind } from "../../record/encode-inline.ts";
import { isRecord, parseRecord } from "../../record/parse-record.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import { findInlineLine } from "../../record/record-text.ts";
import { certainStore } from "../../store/certain-store.ts";
import type { StorePath } from "../../store/store.ts";
import { digestOf } from "../../util/digest/digest.ts";
import { lazyPart } from "../../util/peers/load-part.ts";
import { isPayloadFileOf, payloadPath } from "../layout/artifact-paths.ts";
import { readRecordBytes } from "../layout/read-record-bytes.ts";
import { recordPath } from "../layout/record-path.ts";
import { isHealed } from "./is-healed.ts";
import { readInline } from "./read-inline.ts";
import type { DamagedArtifact, ReadOutcome, WantedArtifact } from "./read-outcome.ts";
import { readVerified } from "./read-verified.ts";
import type { FoundDamage, StoredSource } from "./stored-source.ts";
import { tryDecode } from "./try-decode.ts";

const openStoredPayloadPart = lazyPart(() => import("./open-stored-payload.ts"));
const settleDamagePart = lazyPart(() => import("./settle-damage.ts"));
const succeedingSourcePart = lazyPart(() => import("./succeeding-source.ts"));

/** Another process may replace the artifact between two reads; this many times in a row is odd. */
const MAX_LOOKS = 8;

/**
 * Reads and verifies any artifact: its payload may be a file of its own, and damage is judged.
 */
export async function readWholeArtifact(
  wanted: WantedArtifact,
  path: StorePath,
  first?: Uint8Array,
): Promise<ReadOutcome> {
  let bytes = first ?? (await readRecordBytes(wanted.store, path, wanted));
  // A record that was too long for the first attempt: parsing it takes longer than all the rest.
  if (first === undefined && bytes !== undefined && wanted.needs !== "record") {
    const outcome = await readInline(wanted, bytes);
    if (outcome !== undefined) return outcome;
  }
  let isSuspected = false;
  let wasHealed = false;
  for (let look = 0; look < MAX_LOOKS; look++) {
    if (bytes === undefined) return { state: "missing" };
    const outcome = await readFrom(wanted, path, bytes);
    if (outcome.state !== "damaged") return outcome;
    // Damage is believed only if the record that was judged is still in the store: otherwise
    // another process has replaced the artifact meanwhile.
    const again = await readRecordBytes(wanted.store, path, wanted);
    const isSame = again !== undefined && Buffer.compare(again, bytes) === 0;
    // Two reads have to find the damage, too. The record was just read twice; a payload was read
    // once, and is read again in the next round.
    const isBelieved = isSame && (isSuspected || outcome.file === path);
    isSuspected = isSame;
    bytes = again;
    if (!isBelieved) continue;
    // The artifact is not lost if another layer of the store has it whole.
    const healing = wasHealed ? undefined : await wanted.store.layers?.heal(path, outcome, wanted);
    if (healing?.isHealed !== true) return { ...outcome, failure: healing?.failure };
    wasHealed = true;
    bytes = await readRecordBytes(wanted.store, path, wanted);
  }
  throw new ArtifactInFlightError(wanted.name, path);
}

async function readFrom(wanted: WantedArtifact, path: StorePath, bytes: Uint8Array): Promise<ReadOutcome> {
  const record = judgeRecord(wanted, path, bytes);
  if ("state" in record) return record;
  const { format: id, file, sizeBytes, digest } = record.payload;
  const format = wanted.formats.find((candidate) => candidate.id === id);
  if (format === undefined) throw new FormatMismatchError(wanted.name, path, id, wanted.formats[0].id);
  const corrupt = (where: StorePath, problem: string): DamagedArtifact => ({
    state: "damaged",
    file: where,
    problem,
    recordBytes: bytes,
    // A damaged record is as it was written: another layer's equal record has the same fault.
    isAsWritten: where === path,
  });

  if (format.stored !== undefined) return openStored(wanted, record, format, bytes, corrupt);
  let payloadBytes: Uint8Array;
  let payloadFile = path;
  if (file === undefined) {
    const line = findInlineLine(bytes);
    if (line === undefined) return corrupt(path, "holds no payload that its format could read");
    const inline = decodeInlineOfAnyKind(
      format.inline,
      line,
      (bytes) => bytes.length === sizeBytes && digestOf([bytes]) === digest,
    );
    if (inline === undefined) return corrupt(path, "holds a payload that does not match its digest");
    payloadBytes = inline;
  } else {
    payloadFile = payloadPath(wanted.name, file);
    const read = await readVerified({ store: wanted.store, path: payloadFile, sizeBytes, digest }, wanted.signal);
    if (typeof read === "string") return corrupt(payloadFile, read);
    payloadBytes = read;
  }
  const decoded = await tryDecode(format.id, () => format.decode(payloadBytes, wanted.limits));
  if (decoded instanceof DecodeError)
    return {
      ...corrupt(payloadFile, `cannot be decoded as ${format.id}: ${decoded.message}`),
      isAsWritten: true,
    };
  return { state: "present", payload: decoded.value, record, source: record.provenance.source };
}

async function openStored(
  wanted: WantedArtifact,
  record: ArtifactRecord,
  format: Format,
  recordBytes: Uint8Array,
  corrupt: (where: StorePath, problem: string) => DamagedArtifact,
): Promise<ReadOutcome> {
  const { store, name, address, limits } = wanted;
  const { file } = record.payload;
  if (file === undefined) return corrupt(recordPath(name, address), "holds a payload that should be a file");
  const { openStoredPayload } = await openStoredPayloadPart();
  const heal = (): Promise<boolean> => isHealed(certainStore(store), recordPath(name, address), { recordBytes });
  let isHandedOut = false;
  const onDamage = async (damage: FoundDamage): Promise<Error> => {
    // Until the caller has the handle, this function itself decides what is done about damage.
    if (!isHandedOut) return new CorruptArtifactError(name, address, damage.path, damage.problem);
    const { settleDamage } = await settleDamagePart();
    return settleDamage({ store, name, address, recordBytes }, damage);
  };
  try {
    const payload = { ...record.payload, file };
    const successor = async (): Promise<StoredSource | undefined> => {
      const { succeedingSource } = await succeedingSourcePart();
      return succeedingSource({ store, name, address, classes: wanted.classes, format: format.id });
    };
    const artifact = { store, name, address, payload, format, limits, heal, onDamage, successor };
    const opened = await openStoredPayload(artifact);
    isHandedOut = true;
    return { state: "present", payload: opened, record, source: record.provenance.source };
  } catch (error) {
    if (error instanceof CorruptArtifactError) return corrupt(error.file as StorePath, error.problem);
    if (error instanceof DecodeError)
      return {
        ...corrupt(payloadPath(name, file), `cannot be decoded as ${format.id}: ${error.message}`),
        isAsWritten: true,
      };
    throw formatFailure(format.id, "stored.open", error);
  }
}

function judgeRecord(wanted: WantedArtifact, path: StorePath, bytes: Uint8Array): ArtifactRecord | DamagedArtifact {
  const corrupt = (problem: string): DamagedArtifact => ({
    state: "damaged",
    file: path,
    problem,
    recordBytes: bytes,
    isAsWritten: true,
  });
  const record = parseRecord(bytes, path, wanted.classes);
  if (!isRecord(record)) return corrupt(record.problem);
  if (record.address !== wanted.address) return corrupt(`is the record of another address, ${record.address}`);
  if (record.name !== wanted.name) return corrupt(`is the record of another name, ${JSON.stringify(record.name)}`);
  const { file } = record.payload;
  if (file !== undefined && !isPayloadFileOf(file, record.address))
    return corrupt(`names a payload outside its place: ${JSON.stringify(file)}`);
  return record;
}
