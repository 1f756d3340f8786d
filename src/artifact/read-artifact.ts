import type { Address } from "../address/address.ts";
import { ArtifactInFlightError, FormatMismatchError } from "../errors/artifact-errors.ts";
import { DecodeError } from "../errors/format-errors.ts";
import type { DecodeLimits, Format } from "../format/format.ts";
import { decodeInline, findInline } from "../record/inline-payload.ts";
import { isRecord, parseRecord } from "../record/parse-record.ts";
import { peekInline } from "../record/peek-record.ts";
import type { ArtifactRecord } from "../record/record.ts";
import type { Store, StorePath } from "../store/store.ts";
import type { ClassCodec } from "../util/class-codec.ts";
import { createDigestCollector, DIGEST_CHUNK_BYTES, digestOf } from "../util/digest.ts";
import { isPayloadFileOf, payloadPath, recordPath } from "./artifact-paths.ts";
import { readRecordBytes } from "./read-record-bytes.ts";

/** What a reader knows of the artifact that it asks for. */
export interface WantedArtifact {
  readonly store: Store;
  readonly name: string;
  readonly address: Address;
  /** The format of the persistable first, then those that it can also read. */
  readonly formats: readonly [Format, ...Format[]];
  readonly classes: readonly ClassCodec[];
  readonly limits: DecodeLimits;
  readonly signal: AbortSignal | undefined;
}

/** The outcome of a read. Only missing and corrupt may lead to generating anew; every other trouble is an error. */
export type ReadOutcome =
  | {
      readonly state: "hit";
      readonly payload: unknown;
      readonly record: ArtifactRecord | undefined;
      readonly source: string | undefined;
    }
  | { readonly state: "missing" }
  | CorruptArtifact;

/** What was judged damaged: the evidence goes with it, so that exactly this is set aside. */
export interface CorruptArtifact {
  readonly state: "corrupt";
  readonly file: StorePath;
  readonly problem: string;
  /** The record's bytes at the moment of judging. */
  readonly recordBytes: Uint8Array;
}

/** Small objects are read at once; bigger ones through the thread pool. */
const SYNC_READ_BYTES = 64 * 1024;
/** Somebody may replace an artifact between the two reads; a few times in a row is already odd. */
const MAX_LOOKS = 8;

/**
 * Read and verify an artifact, the fast way where it lies in one small record, synchronously where the store can.
 *
 * @throws {@link FormatMismatchError}, {@link NewerRecordError}, a StoreError; never for missing or damaged artifacts.
 */
export function readArtifact(wanted: WantedArtifact): ReadOutcome | Promise<ReadOutcome> {
  const { store, name, address, formats, limits } = wanted;
  const path = recordPath(name, address);
  const record = store.sync?.readShared(path, SYNC_READ_BYTES);
  if (record === undefined && store.sync !== undefined) return { state: "missing" };
  if (record === undefined || record === "too-large") return readWhole(wanted, path);
  const [format] = formats;
  const line = format.inline === false ? undefined : peekInline(record, address, format.id);
  if (line === undefined || format.inline === false) return readWhole(wanted, path, new Uint8Array(record));
  const source = sourceOf(record);
  const bytes = decodeInline(format.inline, line);
  const decoded = decodeOr(() => format.decode(bytes, limits));
  if (decoded instanceof Promise) return decoded.then((value) => inlineOutcome(wanted, path, value, source));
  return inlineOutcome(wanted, path, decoded, source);
}

async function readWhole(wanted: WantedArtifact, path: StorePath, first?: Uint8Array): Promise<ReadOutcome> {
  let bytes = first ?? (await readRecordBytes(wanted.store, path, wanted));
  for (let look = 0; look < MAX_LOOKS; look++) {
    if (bytes === undefined) return { state: "missing" };
    const outcome = await readFrom(wanted, path, bytes);
    if (outcome.state !== "corrupt") return outcome;
    // Damage is believed only when the record still stands as it was judged: else somebody has replaced it meanwhile.
    const again = await readRecordBytes(wanted.store, path, wanted);
    if (again !== undefined && Buffer.compare(again, bytes) === 0) return outcome;
    bytes = again;
  }
  throw new ArtifactInFlightError(wanted.name, path);
}

async function readFrom(wanted: WantedArtifact, path: StorePath, bytes: Uint8Array): Promise<ReadOutcome> {
  const record = judgeRecord(wanted, path, bytes);
  if ("state" in record) return record;
  const { format: id, file, sizeBytes, digest } = record.payload;
  const format = wanted.formats.find((candidate) => candidate.id === id);
  if (format === undefined) throw new FormatMismatchError(wanted.name, path, id, wanted.formats[0].id);
  const corrupt = (where: StorePath, problem: string): CorruptArtifact => ({
    state: "corrupt",
    file: where,
    problem,
    recordBytes: bytes,
  });

  let payloadBytes: Uint8Array;
  let payloadFile = path;
  if (file === undefined) {
    const line = findInline(bytes);
    if (line === undefined || format.inline === false)
      return corrupt(path, "holds no payload that its format could read");
    payloadBytes = decodeInline(format.inline, line);
    if (payloadBytes.length !== sizeBytes || digestOf([payloadBytes]) !== digest)
      return corrupt(path, "holds a payload that does not match its digest");
  } else {
    payloadFile = payloadPath(wanted.name, file);
    const read = await readVerified(wanted, payloadFile, sizeBytes, digest);
    if (typeof read === "string") return corrupt(payloadFile, read);
    payloadBytes = read;
  }
  const decoded = await decodeOr(() => format.decode(payloadBytes, wanted.limits));
  if (decoded instanceof DecodeError)
    return corrupt(payloadFile, `cannot be decoded as ${format.id}: ${decoded.message}`);
  return { state: "hit", payload: (decoded as Decoded).value, record, source: record.provenance.source };
}

function judgeRecord(wanted: WantedArtifact, path: StorePath, bytes: Uint8Array): ArtifactRecord | CorruptArtifact {
  const corrupt = (problem: string): CorruptArtifact => ({ state: "corrupt", file: path, problem, recordBytes: bytes });
  const record = parseRecord(bytes, path, wanted.classes);
  if (!isRecord(record)) return corrupt(record.problem);
  if (record.address !== wanted.address) return corrupt(`is the record of another address, ${record.address}`);
  if (record.name !== wanted.name) return corrupt(`is the record of another name, ${JSON.stringify(record.name)}`);
  const { file } = record.payload;
  if (file !== undefined && !isPayloadFileOf(file, record.address))
    return corrupt(`names a payload outside its place: ${JSON.stringify(file)}`);
  return record;
}

/** The payload's bytes, or what is wrong with them. */
async function readVerified(
  wanted: WantedArtifact,
  path: StorePath,
  sizeBytes: number,
  digest: string,
): Promise<Uint8Array | string> {
  const { store, signal } = wanted;
  const small = sizeBytes <= SYNC_READ_BYTES ? store.sync?.readShared(path, SYNC_READ_BYTES) : undefined;
  const collector = sizeBytes > DIGEST_CHUNK_BYTES ? createDigestCollector(sizeBytes) : undefined;
  let bytes: Uint8Array | undefined;
  if (small instanceof Uint8Array) bytes = new Uint8Array(small);
  else {
    const size = await store.stat(path, { signal });
    if (size !== undefined && size.sizeBytes !== sizeBytes)
      return `has ${size.sizeBytes} bytes instead of ${sizeBytes}`;
    bytes = await store.read(path, { signal, maxBytes: sizeBytes, onChunk: collector?.onChunk });
  }
  if (bytes === undefined) return "is missing";
  if (bytes.length !== sizeBytes) return `has ${bytes.length} bytes instead of ${sizeBytes}`;
  if ((collector?.digest() ?? digestOf([bytes])) !== digest) return "does not match its digest";
  return bytes;
}

/** The name of the payload file that the record at this address names, as far as it can be read; for taking its place. */
export async function readPayloadFile(store: Store, name: string, address: Address): Promise<string | undefined> {
  const bytes = await readRecordBytes(store, recordPath(name, address));
  if (bytes === undefined) return undefined;
  const file = /^ {2}"payload": \{\n {4}"file": "([^"]+)"/m.exec(new TextDecoder().decode(bytes))?.[1];
  return file !== undefined && isPayloadFileOf(file, address) ? file : undefined;
}

interface Decoded {
  readonly value: unknown;
}

/** Decoding may fail for the bytes' sake, which is damage, or for the user's (a class that cannot be built), which is an error. */
function decodeOr(decode: () => unknown): Decoded | DecodeError | Promise<Decoded | DecodeError> {
  try {
    const value = decode();
    if (value instanceof Promise) return value.then((value: unknown) => ({ value }), keepDecodeError);
    return { value };
  } catch (error) {
    return keepDecodeError(error);
  }
}

function keepDecodeError(error: unknown): DecodeError {
  if (error instanceof DecodeError) return error;
  throw error;
}

function inlineOutcome(
  wanted: WantedArtifact,
  path: StorePath,
  decoded: Decoded | DecodeError,
  source: string | undefined,
): ReadOutcome | Promise<ReadOutcome> {
  if (!(decoded instanceof DecodeError)) return { state: "hit", payload: decoded.value, record: undefined, source };
  return readWhole(wanted, path);
}

const SOURCE_MARK = Buffer.from('\n    "source": "');

/** The fingerprint of the generator's source that a record states, found without parsing it. */
function sourceOf(record: Uint8Array): string | undefined {
  const bytes = record as Buffer;
  const mark = bytes.lastIndexOf(SOURCE_MARK);
  if (mark === -1) return undefined;
  const start = mark + SOURCE_MARK.length;
  return bytes.toString("latin1", start, bytes.indexOf(0x22, start));
}
