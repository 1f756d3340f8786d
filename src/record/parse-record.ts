import type { Address } from "../address/address.ts";
import { ADDRESS_SCHEME, addressOf, parseAddress } from "../address/address-of.ts";
import { decodeTagged } from "../canonical/decode-tagged.ts";
import type { JsonValue } from "../canonical/tagged-json.ts";
import { NewerRecordError } from "../errors/record-errors.ts";
import type { ClassCodec } from "../util/class-codec.ts";
import { DIGEST_CHUNK_BYTES, digestOfHashes, parseDigest } from "../util/digest.ts";
import { sha256Hex } from "../util/sha256.ts";
import { decodeParamsTree, decodeUntracked } from "./decode-params-tree.ts";
import {
  type ArtifactRecord,
  MAX_RECORD_BYTES,
  MAX_RECORD_DEPTH,
  type Provenance,
  RECORD_VERSION,
  type RecordDependency,
  type RecordedPayload,
} from "./record.ts";
import { CHECKSUM_HEAD, COVERED_START } from "./record-layout.ts";
import { isSummaryValue, type PayloadSummary, type SummaryValue } from "./summary-value.ts";

/** Why a record cannot be believed; a value, since only the caller knows what follows from it. */
export interface RecordProblem {
  readonly problem: string;
}

/**
 * A record from its bytes, believed only when everything fits: limits, checksum, fields, and the address derived anew from its params tree.
 *
 * @param file - for messages
 * @throws {@link NewerRecordError} where a newer release wrote it.
 */
export function parseRecord(
  bytes: Uint8Array,
  file: string,
  classes: readonly ClassCodec[],
): ArtifactRecord | RecordProblem {
  try {
    return parseChecked(bytes, file, classes);
  } catch (error) {
    if (error instanceof NewerRecordError) throw error;
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Whether a record was believed. */
export function isRecord(parsed: ArtifactRecord | RecordProblem): parsed is ArtifactRecord {
  return !("problem" in parsed);
}

type Fields = { readonly [key: string]: JsonValue | undefined };

function parseChecked(bytes: Uint8Array, file: string, classes: readonly ClassCodec[]): ArtifactRecord {
  if (bytes.length > MAX_RECORD_BYTES) throw new Error(`is larger than ${MAX_RECORD_BYTES} bytes`);
  const intact = checksumOf(bytes) === sha256Hex(bytes.subarray(COVERED_START));
  let fields: Fields;
  try {
    assertDepth(bytes);
    fields = expectObject(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as JsonValue, "record");
  } catch (error) {
    throw new Error(intact ? `is not JSON within limits: ${(error as Error).message}` : "does not match its checksum");
  }
  // Asked before the checksum: a newer release may compute that in another way, and its records are not damage.
  if (typeof fields.record === "number" && fields.record > RECORD_VERSION)
    throw new NewerRecordError(file, fields.record);
  if (!intact) throw new Error("does not match its checksum");
  const name = expectString(fields.name, "name");
  const tree = decodeParamsTree(
    expectObject(fields.params, "params"),
    fields.dependencies === undefined ? {} : expectObject(fields.dependencies, "dependencies"),
    classes,
  );
  const version = fields.version === undefined ? {} : { version: expectVersion(fields.version) };
  const draw = fields.draw === undefined ? {} : { draw: expectNumber(fields.draw, "draw") };
  const address = parseAddress(expectString(fields.address, "address"));
  if (fields.scheme !== ADDRESS_SCHEME) throw new NewerRecordError(file, fields.scheme);
  assertAddress(
    address,
    { name, ...version, ...draw, params: tree.trackedParams, dependencies: tree.dependencies },
    classes,
  );
  return {
    address,
    scheme: ADDRESS_SCHEME,
    name,
    ...version,
    ...draw,
    params: tree.params,
    implicitParams: tree.implicitParams,
    untrackedParams: tree.untrackedParams,
    dependencies: tree.dependencies,
    ...(fields.untracked === undefined
      ? {}
      : { untracked: decodeUntracked(expectObject(fields.untracked, "untracked"), classes) }),
    ...(fields.summary === undefined ? {} : { summary: parseSummary(fields.summary) }),
    payload: parsePayload(fields),
    provenance: parseProvenance(fields.provenance),
  };
}

function assertAddress(
  address: Address,
  recipe: {
    name: string;
    version?: string | number;
    draw?: number;
    params: unknown;
    dependencies: Readonly<Record<string, RecordDependency>>;
  },
  classes: readonly ClassCodec[],
): void {
  const dependencies = Object.fromEntries(
    Object.entries(recipe.dependencies).map(([role, { address }]) => [role, address]),
  );
  const derived = addressOf({ ...recipe, dependencies }, { classes });
  if (derived !== address) throw new Error(`says that its address is ${address}, but its params tree gives ${derived}`);
}

function parsePayload(fields: Fields): RecordedPayload {
  const payload = expectObject(fields.payload, "payload");
  const what = {
    format: expectString(fields.format, "format"),
    sizeBytes: expectNumber(payload.sizeBytes, "payload.sizeBytes"),
    digest: parseDigest(expectString(payload.digest, "payload.digest")),
  };
  if (payload.file !== undefined) {
    return {
      ...what,
      file: expectString(payload.file, "payload.file"),
      ...(payload.chunks === undefined ? {} : { chunks: parseChunks(payload.chunks, what) }),
      ...(payload.contents === undefined ? {} : { contents: parseContents(payload.contents) }),
    };
  }
  if (fields.inline === undefined) throw new Error("names no payload");
  return what;
}

function parseChunks(
  json: JsonValue,
  { sizeBytes, digest }: Pick<RecordedPayload, "sizeBytes" | "digest">,
): Uint8Array {
  const bytes = new Uint8Array(Buffer.from(expectString(json, "payload.chunks"), "base64url"));
  const hashes = Array.from({ length: Math.ceil(sizeBytes / DIGEST_CHUNK_BYTES) }, (_, index) =>
    bytes.subarray(index * 32, index * 32 + 32),
  );
  if (bytes.length !== hashes.length * 32 || digestOfHashes(hashes) !== digest)
    throw new Error("has chunks that do not give its digest");
  return bytes;
}

function parseContents(json: JsonValue): NonNullable<RecordedPayload["contents"]> {
  const contents = expectObject(json, "payload.contents");
  return {
    files: expectNumber(contents.files, "payload.contents.files"),
    sizeBytes: expectNumber(contents.sizeBytes, "payload.contents.sizeBytes"),
  };
}

/** What only newer releases put into a summary is left out. */
function parseSummary(json: JsonValue): PayloadSummary {
  const decoded = decodeTagged(expectObject(json, "summary") as JsonValue, { root: "summary" });
  return Object.fromEntries(Object.entries(Object(decoded)).filter(isSummaryEntry));
}

function isSummaryEntry(entry: [string, unknown]): entry is [string, SummaryValue] {
  return isSummaryValue(entry[1]);
}

function parseProvenance(json: JsonValue | undefined): Provenance {
  const provenance = expectObject(json, "provenance");
  const { cost, seed } = provenance;
  if (cost !== undefined) {
    for (const [unit, amount] of Object.entries(expectObject(cost, "provenance.cost"))) {
      if (typeof amount !== "number" || !(amount >= 0 && amount < Number.POSITIVE_INFINITY))
        throw new Error(`has no amount in "provenance.cost.${unit}"`);
    }
  }
  if (seed !== undefined && expectNumber(seed, "provenance.seed") > MAX_SEED)
    throw new Error('has no seed in "provenance.seed"');
  return provenance as unknown as Provenance;
}

const MAX_SEED = 2 ** 32 - 1;

function checksumOf(bytes: Uint8Array): string {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, COVERED_START));
  return head.startsWith(CHECKSUM_HEAD) ? head.slice(CHECKSUM_HEAD.length) : "";
}

/** JSON.parse has no limit of its own. */
function assertDepth(bytes: Uint8Array): void {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (inString) {
      if (byte === 0x5c) i++;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      if (depth > MAX_RECORD_DEPTH) throw new Error(`nested deeper than ${MAX_RECORD_DEPTH}`);
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1;
  }
}

function expectObject(value: JsonValue | undefined, field: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error(`has no object in "${field}"`);
  return value as Fields;
}

function expectString(value: JsonValue | undefined, field: string): string {
  if (typeof value !== "string") throw new Error(`has no text in "${field}"`);
  return value;
}

function expectNumber(value: JsonValue | undefined, field: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
    throw new Error(`has no whole number in "${field}"`);
  return value;
}

function expectVersion(value: JsonValue): string | number {
  if (typeof value !== "string" && typeof value !== "number")
    throw new Error('has neither text nor a number in "version"');
  return value;
}
