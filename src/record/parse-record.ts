import type { Address } from "../address/address.ts";
import { ADDRESS_SCHEME, addressOf, parseAddress } from "../address/address-of.ts";
import { decodeTagged } from "../canonical/decode-tagged.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../canonical/tagged-json.ts";
import { messageOf } from "../errors/error-kind.ts";
import { InvalidAddressError, TaggedJsonError, UnsupportedValueError } from "../errors/params-errors.ts";
import { NewerRecordError } from "../errors/record-errors.ts";
import type { ClassCodec } from "../util/class-codec.ts";
import { DIGEST_CHUNK_BYTES, type Digest, digestOfHashes, isDigest, isNewerDigest } from "../util/digest/digest.ts";
import { jsonDepth } from "../util/json/json-depth.ts";
import { plainLines } from "../util/plain-lines.ts";
import { type DecodedParamsTree, decodeParamsTree, decodeUntracked } from "./decode-params-tree.ts";
import {
  type ArtifactRecord,
  MAX_RECORD_BYTES,
  MAX_RECORD_DEPTH,
  type Provenance,
  RECORD_VERSION,
  type RecordDependency,
  type RecordedPayload,
} from "./record.ts";
import { RecordProblemError } from "./record-problem-error.ts";
import { findVersion, isDamagedVersion, isIntact, isReformatted } from "./record-text.ts";
import { isSummaryValue, type PayloadSummary, type SummaryValue } from "./summary-value.ts";

/** Why a record cannot be believed; a value, since only the caller knows what follows from it. */
export interface RecordProblem {
  readonly problem: string;
}

/**
 * Parses the bytes of a record. The record is believed only if everything fits: limits, checksum,
 * fields, and the address, which is derived again from the params tree. Whether it is believed
 * depends on its bytes alone: instances of classes are compared in their encoded form, and only a
 * record that is believed is handed to `classes`.
 *
 * @param file - for messages
 * @throws {@link NewerRecordError} if a newer release wrote it; {@link ClassCodecError} if a codec
 * of the user throws, which says nothing about the record
 */
export function parseRecord(
  bytes: Uint8Array,
  file: string,
  classes: readonly ClassCodec[],
): ArtifactRecord | RecordProblem {
  try {
    return parseChecked(bytes, file, classes);
  } catch (error) {
    if (error instanceof TaggedJsonError && error.unknownTag !== undefined && error.path.startsWith("params."))
      throw new NewerRecordError(file, error.unknownTag, `${error.path} has the tag ${error.unknownTag}`);
    if (isProblem(error)) return { problem: withoutStop(error.message) };
    // Any other error is a bug in the user's code or in this library. To call it damage would cost
    // the user a sound artifact.
    throw error;
  }
}

/** Whether an error is about the bytes of a record. */
export function isProblem(error: unknown): error is Error {
  return (
    error instanceof RecordProblemError ||
    error instanceof TaggedJsonError ||
    error instanceof InvalidAddressError ||
    error instanceof UnsupportedValueError
  );
}

function withoutStop(message: string): string {
  return message.endsWith(".") ? message.slice(0, -1) : message;
}

/** Whether a record was believed. */
export function isRecord(parsed: ArtifactRecord | RecordProblem): parsed is ArtifactRecord {
  return !("problem" in parsed);
}

function parseChecked(stored: Uint8Array, file: string, classes: readonly ClassCodec[]): ArtifactRecord {
  if (stored.length > MAX_RECORD_BYTES) {
    refuseNewerHead(stored, file);
    throw new RecordProblemError(`is larger than ${MAX_RECORD_BYTES} bytes`);
  }
  const bytes = plainLines(stored);
  const intact = isIntact(bytes);
  let fields: JsonObject;
  try {
    assertDepth(bytes);
    fields = expectObject(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)), "record");
  } catch (error) {
    if (!isDamagedVersion(bytes)) refuseNewerHead(bytes, file);
    throw new RecordProblemError(
      intact ? `is not JSON within limits: ${messageOf(error)}` : "does not match its checksum",
    );
  }
  assertVersion(fields, bytes, intact, file);
  if (!intact) throw new RecordProblemError(isReformatted(fields) ? REFORMATTED : "does not match its checksum");
  const name = expectString(fields.name, "name");
  const tree = decodeTree(fields, []);
  const version = fields.version === undefined ? {} : { version: expectVersion(fields.version) };
  const draw = fields.draw === undefined ? {} : { draw: expectNumber(fields.draw, "draw") };
  const address = parseAddress(expectString(fields.address, "address"));
  assertAddress(address, { name, ...version, ...draw, params: tree.trackedParams, dependencies: tree.dependencies });
  // All of the record is checked before a codec of the user is called.
  const payload = parsePayload(fields, file);
  const provenance = parseProvenance(fields.provenance);
  const summary = fields.summary === undefined ? {} : { summary: parseSummary(fields.summary) };
  const hasInstances =
    classes.length > 0 && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(CLASS_TAG);
  return {
    address,
    scheme: ADDRESS_SCHEME,
    name,
    ...version,
    ...draw,
    params: hasInstances ? decodeTree(fields, classes).params : tree.params,
    implicitParams: tree.implicitParams,
    untrackedParams: tree.untrackedParams,
    dependencies: tree.dependencies,
    ...(fields.untracked === undefined
      ? {}
      : { untracked: decodeUntracked(expectObject(fields.untracked, "untracked"), classes) }),
    ...summary,
    payload,
    provenance,
  };
}

const REFORMATTED =
  "was rewritten by an editor or a formatter: its values are those that were written, its indentation or its line breaks are not. " +
  "Bring the file back as it was, and keep such tools away from it";

/**
 * Called before the checksum is judged: a newer release may compute the checksum in another way,
 * and its records are not damaged.
 */
function assertVersion({ record, scheme }: JsonObject, bytes: Uint8Array, intact: boolean, file: string): void {
  const isNewer = typeof record === "number" && record > RECORD_VERSION;
  const isOfNewerScheme = intact
    ? typeof scheme === "string" && scheme !== ADDRESS_SCHEME
    : typeof scheme === "string" && NEWER_SCHEME.test(scheme);
  if (isNewer || isOfNewerScheme) {
    if (!intact && isDamagedVersion(bytes))
      throw new RecordProblemError("does not match its checksum: what it says of its version was changed");
    throw isNewer
      ? new NewerRecordError(file, record)
      : new NewerRecordError(file, scheme, `address scheme ${JSON.stringify(scheme)}`);
  }
  if (!intact) return;
  if (record !== RECORD_VERSION) throw new RecordProblemError('has no version in "record"');
  if (scheme !== ADDRESS_SCHEME) throw new RecordProblemError('has no address scheme in "scheme"');
}

/** A newer release may write records that are larger, nested deeper, or not JSON as a whole. */
function refuseNewerHead(bytes: Uint8Array, file: string): void {
  const version = findVersion(bytes);
  if (version !== undefined && version > RECORD_VERSION) throw new NewerRecordError(file, version);
}

const NEWER_SCHEME = /^persistable\/(?:[2-9]|[1-9]\d+)$/;

const CLASS_TAG = '"$class"';

export function decodeTree(fields: JsonObject, classes: readonly ClassCodec[]): DecodedParamsTree {
  const dependencies = fields.dependencies === undefined ? {} : expectObject(fields.dependencies, "dependencies");
  return decodeParamsTree(expectObject(fields.params, "params"), dependencies, classes);
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
): void {
  const dependencies = Object.fromEntries(
    Object.entries(recipe.dependencies).map(([role, { address }]) => [role, address]),
  );
  const derived = addressOf({ ...recipe, dependencies });
  if (derived !== address)
    throw new RecordProblemError(`says that its address is ${address}, but its params tree gives ${derived}`);
}

function parsePayload(fields: JsonObject, file: string): RecordedPayload {
  const payload = expectObject(fields.payload, "payload");
  const what = {
    format: expectString(fields.format, "format"),
    sizeBytes: expectNumber(payload.sizeBytes, "payload.sizeBytes"),
    digest: expectDigest(payload.digest, file),
  };
  if (payload.file !== undefined) {
    return {
      ...what,
      file: expectString(payload.file, "payload.file"),
      ...(payload.chunks === undefined ? {} : { chunks: parseChunks(payload.chunks, what) }),
      ...(payload.contents === undefined ? {} : { contents: parseContents(payload.contents) }),
    };
  }
  if (fields.inline === undefined) throw new RecordProblemError("names no payload");
  return what;
}

function parseChunks(
  json: JsonValue,
  { sizeBytes, digest }: Pick<RecordedPayload, "sizeBytes" | "digest">,
): Uint8Array {
  const bytes = new Uint8Array(Buffer.from(expectString(json, "payload.chunks"), "base64url"));
  const count = Math.ceil(sizeBytes / DIGEST_CHUNK_BYTES);
  // The length is compared first: a false size must not decide how much memory is allocated.
  const fits = bytes.length === count * 32;
  const hashes = Array.from({ length: fits ? count : 0 }, (_, index) => bytes.subarray(index * 32, index * 32 + 32));
  if (!fits || digestOfHashes(hashes) !== digest)
    throw new RecordProblemError("has chunks that do not give its digest");
  return bytes;
}

function parseContents(json: JsonValue): NonNullable<RecordedPayload["contents"]> {
  const contents = expectObject(json, "payload.contents");
  return {
    files: expectNumber(contents.files, "payload.contents.files"),
    sizeBytes: expectNumber(contents.sizeBytes, "payload.contents.sizeBytes"),
  };
}

/** Values that only newer releases put into a summary are left out. */
function parseSummary(json: JsonValue): PayloadSummary {
  const decoded = decodeTagged(expectObject(json, "summary"), { root: "summary" });
  return Object.fromEntries(Object.entries(Object(decoded)).filter(isSummaryEntry));
}

function isSummaryEntry(entry: [string, unknown]): entry is [string, SummaryValue] {
  return isSummaryValue(entry[1]);
}

export function parseProvenance(json: JsonValue | undefined): Provenance {
  const provenance = expectObject(json, "provenance");
  const { cost, seed } = provenance;
  if (cost !== undefined) {
    for (const [unit, amount] of Object.entries(expectObject(cost, "provenance.cost"))) {
      if (typeof amount !== "number" || !(amount >= 0 && amount < Number.POSITIVE_INFINITY))
        throw new RecordProblemError(`has no amount in "provenance.cost.${unit}"`);
    }
  }
  if (seed !== undefined && expectNumber(seed, "provenance.seed") > MAX_SEED)
    throw new RecordProblemError('has no seed in "provenance.seed"');
  if (Number.isNaN(Date.parse(expectString(provenance.createdAt, "provenance.createdAt"))))
    throw new RecordProblemError('has no time in "provenance.createdAt"');
  const { durationMs, pid, packages, git, undeclared } = provenance;
  if (durationMs !== undefined) expectDuration(durationMs);
  if (pid !== undefined) expectNumber(pid, "provenance.pid");
  for (const field of PROVENANCE_TEXTS)
    if (provenance[field] !== undefined) expectString(provenance[field], `provenance.${field}`);
  if (packages !== undefined)
    for (const [name, version] of Object.entries(expectObject(packages, "provenance.packages")))
      expectString(version, `provenance.packages.${name}`);
  if (undeclared !== undefined) expectLoads(undeclared);
  if (git !== undefined) expectGit(expectObject(git, "provenance.git"));
  return provenance as unknown as Provenance;
}

const MAX_SEED = 2 ** 32 - 1;
const PROVENANCE_TEXTS = ["host", "user", "script", "platform", "node", "module", "source"] as const;

/** Checks the loads that were not declared: `explain` looks for the artifacts that they name. */
function expectLoads(json: JsonValue): void {
  if (!Array.isArray(json)) throw new RecordProblemError('has no list in "provenance.undeclared"');
  for (const load of json) {
    const { name, address } = expectObject(load, "provenance.undeclared");
    expectString(name, "provenance.undeclared.name");
    parseAddress(expectString(address, "provenance.undeclared.address"));
  }
}

/** Checks a duration: plans and runs add durations up. */
function expectDuration(durationMs: JsonValue): void {
  if (typeof durationMs !== "number" || !(durationMs >= 0 && durationMs <= Number.MAX_SAFE_INTEGER))
    throw new RecordProblemError('has no duration in "provenance.durationMs"');
}

function expectGit({ commit, dirty }: JsonObject): void {
  expectString(commit, "provenance.git.commit");
  if (typeof dirty !== "boolean") throw new RecordProblemError('has neither true nor false in "provenance.git.dirty"');
}

/** Limits the depth of a record, since JSON.parse has no limit of its own. */
export function assertDepth(bytes: Uint8Array): void {
  if (jsonDepth(bytes, MAX_RECORD_DEPTH) > MAX_RECORD_DEPTH)
    throw new RecordProblemError(`nested deeper than ${MAX_RECORD_DEPTH}`);
}

export function expectObject(value: JsonValue | undefined, field: string): JsonObject {
  if (!isJsonObject(value)) throw new RecordProblemError(`has no object in "${field}"`);
  return value;
}

export function expectString(value: JsonValue | undefined, field: string): string {
  if (typeof value !== "string") throw new RecordProblemError(`has no text in "${field}"`);
  return value;
}

function expectDigest(value: JsonValue | undefined, file: string): Digest {
  const text = expectString(value, "payload.digest");
  if (isNewerDigest(text)) throw new NewerRecordError(file, text, `digest ${text.slice(0, 40)}…`);
  return isDigest(text) ? text : fail(`has no digest in ${JSON.stringify(text.slice(0, 100))}`);
}

function fail(problem: string): never {
  throw new RecordProblemError(problem);
}

export function expectNumber(value: JsonValue | undefined, field: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
    throw new RecordProblemError(`has no whole number in "${field}"`);
  return value;
}

export function expectVersion(value: JsonValue): string | number {
  if (typeof value !== "string" && typeof value !== "number")
    throw new RecordProblemError('has neither text nor a number in "version"');
  return value;
}
