import type { Address } from "../../address/address.ts";
import { ADDRESS_SCHEME, parseAddress } from "../../address/address-of.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../canonical/tagged-json.ts";
import { messageOf } from "../../errors/error-kind.ts";
import { NewerRecordError } from "../../errors/record-errors.ts";
import { visibleText } from "../../errors/visible-text.ts";
import {
  assertDepth,
  decodeTree,
  expectNumber,
  expectObject,
  expectString,
  expectVersion,
  isProblem,
  isRecord,
  parseProvenance,
  parseRecord,
} from "../../record/parse-record.ts";
import { MAX_RECORD_BYTES, MAX_RECORD_DEPTH, RECORD_VERSION } from "../../record/record.ts";
import { isIntact } from "../../record/record-text.ts";
import { plainLines } from "../../util/plain-lines.ts";
import type { CatalogEntry } from "../query/catalog-entry.ts";
import { type Cell, cellsOfRecord } from "../recipe-cells.ts";
import { paramsTreeOf } from "./params-tree.ts";

/** An artifact, as its record describes it. */
export interface ReadArtifact {
  readonly entry: CatalogEntry;
  /** Absent if the artifact is not present. */
  readonly recipe?: readonly Cell[] | undefined;
}

/**
 * Reads the bytes of a record. It checks the checksum, and that name and address are those of the
 * path. A caller that loads the artifact checks more.
 */
export function readEntry(bytes: Uint8Array, name: string, address: Address): ReadArtifact {
  try {
    const plain = plainLines(bytes);
    if (plain.length <= MAX_RECORD_BYTES && isIntact(plain)) {
      const fields = parseFields(plain);
      if (fields.record === RECORD_VERSION && fields.scheme === ADDRESS_SCHEME) {
        if (fields.name === name && fields.address === address) return artifactOf(fields, name, address);
        return { entry: unreadable("damaged", name, address, "is the record of another artifact") };
      }
    }
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
  return { entry: judge(bytes, name, address) };
}

/** Returns the entry of a failure from its note; `undefined` if the note cannot be read. */
export function readFailureEntry(bytes: Uint8Array, name: string, address: Address): CatalogEntry | undefined {
  try {
    if (bytes.length > MAX_RECORD_BYTES) return undefined;
    const fields = parseFields(bytes);
    const failedAt = expectString(fields.failedAt, "failedAt");
    if (fields.failure !== 1 || fields.name !== name || fields.address !== address || !isTime(failedAt))
      return undefined;
    const { message } = expectObject(fields.error, "error");
    return {
      address,
      name,
      state: "failed",
      ...treesOf(fields),
      summary: {},
      createdAt: failedAt,
      ...(typeof fields.durationMs === "number" ? { durationMs: fields.durationMs } : {}),
      problem: visibleText(expectString(message, "error.message")),
    };
  } catch (error) {
    if (isDamage(error)) return undefined;
    throw error;
  }
}

/** Returns the entry of a record that cannot be read: it has the problem, but no values. */
export function unreadable(state: "damaged" | "newer", name: string, address: Address, problem: string): CatalogEntry {
  return { address, name, state, params: {}, summary: {}, dependencies: {}, problem };
}

function artifactOf(fields: JsonObject, name: string, address: Address): ReadArtifact {
  const entry = entryOfFields(fields, name, address);
  const { params, version, draw } = entry;
  const tree = params === fields.params ? { params } : decodeTree(fields, []);
  return { entry, recipe: cellsOfRecord({ ...tree, version, draw }) };
}

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

function entryOfFields(fields: JsonObject, name: string, address: Address): CatalogEntry {
  const payload = expectObject(fields.payload, "payload");
  const contents = isJsonObject(payload.contents) ? payload.contents : payload;
  const { createdAt, durationMs, cost } = parseProvenance(fields.provenance);
  const { params, dependencies } = treesOf(fields);
  const entry: Writable<CatalogEntry> = {
    address,
    name,
    state: "present",
    params,
    dependencies,
    summary: isJsonObject(fields.summary) ? fields.summary : {},
    createdAt,
    sizeBytes: expectNumber(contents.sizeBytes, "payload.sizeBytes"),
    format: expectString(fields.format, "format"),
  };
  // Spreading an object for each of these fields would take several times as long.
  if (durationMs !== undefined) entry.durationMs = durationMs;
  if (cost !== undefined) entry.cost = cost;
  if (fields.version !== undefined) entry.version = expectVersion(fields.version);
  if (fields.draw !== undefined && fields.draw !== 0) entry.draw = expectNumber(fields.draw, "draw");
  return entry;
}

function treesOf(fields: JsonObject): Pick<CatalogEntry, "params" | "dependencies"> {
  const params = expectObject(fields.params, "params");
  if (fields.dependencies === undefined) return { params: paramsTreeOf(params, {}), dependencies: {} };
  const heads = expectObject(fields.dependencies, "dependencies");
  const dependencies = Object.entries(heads).map(([role, json]) => {
    const head = expectObject(json, `dependencies.${role}`);
    return [
      role,
      { name: expectString(head.name, "name"), address: parseAddress(expectString(head.address, "address")) },
    ];
  });
  return { params: paramsTreeOf(params, heads), dependencies: Object.fromEntries(dependencies) };
}

/**
 * Finds out what is wrong with a record. That is slow, so it is done only for a record that cannot
 * be read.
 */
function judge(bytes: Uint8Array, name: string, address: Address): CatalogEntry {
  try {
    const parsed = parseRecord(bytes, `${address}.json`, []);
    const problem = isRecord(parsed) ? "has parts that cannot be read" : parsed.problem;
    return unreadable("damaged", name, address, visibleText(problem));
  } catch (error) {
    if (error instanceof NewerRecordError) return unreadable("newer", name, address, visibleText(messageOf(error)));
    throw error;
  }
}

function parseFields(bytes: Uint8Array): JsonObject {
  // `Buffer` is twice as fast as a `TextDecoder` for texts of this length.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  // Few records have as many brackets as they may have levels, and counting those takes a tenth of
  // the time of reading each byte.
  if (countOf(text, "{") + countOf(text, "[") > MAX_RECORD_DEPTH) assertDepth(bytes);
  const json: JsonValue = JSON.parse(text);
  return expectObject(json, "record");
}

function countOf(text: string, part: string): number {
  let count = 0;
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + 1)) count += 1;
  return count;
}

function isDamage(error: unknown): boolean {
  return isProblem(error) || error instanceof SyntaxError;
}

function isTime(text: string): boolean {
  return !Number.isNaN(Date.parse(text));
}
