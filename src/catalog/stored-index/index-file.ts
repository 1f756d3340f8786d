import { parseAddress } from "../../address/address-of.ts";
import { isJsonObject, type JsonValue } from "../../canonical/tagged-json.ts";
import { defaultDecodeLimits } from "../../format/decode-limits.ts";
import { decodeTable } from "../../format/table/decode-table.ts";
import { encodeTable } from "../../format/table/encode-table.ts";
import { assertDepth } from "../../record/parse-record.ts";
import { type Column, makeColumn } from "../../table/column.ts";
import { ColumnTable } from "../../table/column-table.ts";
import { createSha256, sha256Hex } from "../../util/digest/sha256.ts";
import { ADDRESS_WORDS } from "../columns/address-rows.ts";
import {
  type ColumnKind,
  type EntryColumns,
  MAX_COLUMNS,
  MAX_RECIPE_COLUMNS,
  MAX_TIME_MS,
} from "../columns/entry-columns.ts";

/** The head of a file, which describes its rows. */
export interface IndexHead {
  /** The exact name of the artifacts: by tampering, a folder may hold the file of another name. */
  readonly name: string;
  readonly rows: number;
  /** The files that this one replaces: it has all their rows, so they can be deleted. */
  readonly replaces: readonly string[];
  /** The files that this one continues. */
  readonly after: readonly string[];
  /**
   * Present where this file and those that it continues hold all artifacts: the time of the last
   * change in the folder of the name.
   */
  readonly changedMs?: number;
  /** The files in the folder of the name that no index holds: failures, damaged records. */
  readonly others: readonly string[];
}

/** A file of an index that was read. */
export interface IndexFile {
  readonly head: IndexHead;
  /**
   * Adds its rows, unless a newer record of the same artifact is there.
   *
   * @param isWanted - which kinds of columns to add
   */
  addTo(columns: EntryColumns, isWanted: (kind: ColumnKind) => boolean): void;
}

/*
 * A file is a table, the head as JSON, its length as 8 hexadecimal digits, and the SHA-256 of all
 * that as 64 digits. A column of numbers is called `n` and its place in entries, as in
 * `["n","params","z"]`; one of JSON texts `t`. The addresses are eight columns of 32 bits.
 */
const VERSION = 2;
const DIGEST_DIGITS = 64;
const LENGTH_DIGITS = 8;
/** A column may have numbers and texts. */
const MAX_STORED = ADDRESS_WORDS + 2 * (MAX_COLUMNS + MAX_RECIPE_COLUMNS);
const KINDS: readonly string[] = ["fact", "params", "summary", "cost", "dependencyName", "dependencyAddress", "recipe"];
const TEXT_FACTS = ["created", "format", "version", "hasCost"];

/** Encodes some rows. */
export function encodeIndexFile(
  columns: EntryColumns,
  rows: ArrayLike<number>,
  head: Omit<IndexHead, "rows">,
): readonly Uint8Array[] {
  const stored: Column[] = [];
  for (let word = 0; word < ADDRESS_WORDS; word++)
    stored.push(makeColumn(`address${word}`, "uint32", columns.addresses.wordsOf(rows, word)));
  for (const { kind, keys, values } of columns.columns()) {
    const numbers = values.numbersAt(rows);
    const texts = values.textsAt(rows);
    if (numbers !== undefined) stored.push(makeColumn(JSON.stringify(["n", kind, ...keys]), "float64", numbers));
    if (texts !== undefined) stored.push(makeColumn(JSON.stringify(["t", kind, ...keys]), "string", texts));
  }
  const headBytes = Buffer.from(JSON.stringify({ version: VERSION, ...head, rows: rows.length }));
  const length = Buffer.from(headBytes.length.toString(16).padStart(LENGTH_DIGITS, "0"));
  const chunks = [...encodeTable(new ColumnTable(stored, rows.length)), headBytes, length];
  const digest = createSha256();
  for (const chunk of chunks) digest.update(chunk);
  return [...chunks, Buffer.from(Buffer.from(digest.digest()).toString("hex"))];
}

/**
 * Decodes a file. Returns `"newer"` if a newer release wrote it, and `"damaged"` if it was changed
 * or forged.
 */
export function decodeIndexFile(bytes: Uint8Array): IndexFile | "newer" | "damaged" {
  try {
    const end = bytes.length - DIGEST_DIGITS;
    const digest = Buffer.from(bytes.subarray(end)).toString("latin1");
    if (end < LENGTH_DIGITS || sha256Hex(bytes.subarray(0, end)) !== digest) return "damaged";
    const headEnd = end - LENGTH_DIGITS;
    const length = Number.parseInt(Buffer.from(bytes.subarray(headEnd, end)).toString("latin1"), 16);
    const headStart = headEnd - length;
    const json: JsonValue = parseJson(Buffer.from(bytes.subarray(headStart, headEnd)).toString("utf8"));
    const version = isJsonObject(json) ? json.version : undefined;
    if (version !== VERSION) return Number(version) > VERSION ? "newer" : "damaged";
    const head = headOf(json);
    const table = decodeTable(bytes.subarray(0, headStart), defaultDecodeLimits);
    if (head === undefined || table.rowCount !== head.rows || table.columns.length > MAX_STORED) return "damaged";
    const places = table.columns.map(placeOf);
    const addresses = addressesOf(table);
    return { head, addTo: (columns, isWanted) => addRows(columns, table, addresses, places, isWanted) };
  } catch {
    return "damaged";
  }
}

function headOf(json: JsonValue): IndexHead | undefined {
  if (!isJsonObject(json)) return undefined;
  const { name, rows, replaces, after, changedMs, others } = json;
  if (typeof name !== "string" || typeof rows !== "number") return undefined;
  if (!isTexts(replaces) || !isTexts(after) || !isTexts(others)) return undefined;
  return { name, rows, replaces, after, others, ...(typeof changedMs === "number" ? { changedMs } : {}) };
}

function isTexts(json: JsonValue | undefined): json is string[] {
  return Array.isArray(json) && json.every((text) => typeof text === "string");
}

interface Place {
  readonly kind: ColumnKind;
  readonly keys: readonly string[];
}

/** `undefined` for a column of addresses. */
function placeOf(column: Column): Place | undefined {
  if (column.type === "uint32") return undefined;
  const json = parseJson(column.name);
  if (!isTexts(json)) throw new Error("a column has no place");
  const [letter, kind = "", ...keys] = json;
  if (letter !== (column.type === "float64" ? "n" : "t") || !isKind(kind) || keys.length === 0)
    throw new Error("a column has no place");
  if (column.type === "string") checkTexts(kind, keys, column.values);
  if (column.type === "float64" && kind === "fact" && keys[0] === "created") checkTimes(column.values);
  return { kind, keys };
}

/** The facts of an entry have fixed types, so a file with other types is refused. */
function checkTexts(kind: ColumnKind, keys: readonly string[], texts: readonly string[]): void {
  if (kind === "recipe" && texts.some((json) => json !== "" && !json.startsWith('"')))
    throw new Error("a part is not a text");
  if (kind === "fact" && !TEXT_FACTS.includes(keys.join("."))) throw new Error("a fact is not a text");
  if (kind !== "dependencyAddress") return;
  for (const json of new Set(texts)) if (json !== "") parseAddress(String(parseJson(json)));
}

function checkTimes(times: Float64Array): void {
  if (times.some((ms) => Math.abs(ms) > MAX_TIME_MS)) throw new Error("a time is out of range");
}

function isKind(kind: string): kind is ColumnKind {
  return KINDS.includes(kind);
}

function addressesOf(table: ColumnTable): readonly Uint32Array[] {
  return Array.from({ length: ADDRESS_WORDS }, (_, word) => {
    const column = table.columns.find(({ name }) => name === `address${word}`);
    if (column?.type !== "uint32") throw new Error("an address is missing");
    return column.values;
  });
}

function addRows(
  columns: EntryColumns,
  table: ColumnTable,
  addresses: readonly Uint32Array[],
  places: readonly (Place | undefined)[],
  isWanted: (kind: ColumnKind) => boolean,
): void {
  const times = table.columns.find(({ name }) => name === '["n","fact","recordMs"]');
  const recordMs = times?.type === "float64" ? times.values : new Float64Array(table.rowCount);
  const isFirst = columns.addresses.count === 0;
  const rows = columns.addStored(addresses, recordMs);
  const hasAll = isFirst && rows.every((row, i) => row === i);
  for (const [index, place] of places.entries()) {
    const column = table.columns[index];
    if (place === undefined || column === undefined || !isWanted(place.kind)) continue;
    const target = columns.column(place.kind, place.keys);
    if (column.type === "float64")
      hasAll ? target.setFirstNumbers(column.values) : target.setNumbers(rows, column.values);
    if (column.type === "string") target.setTexts(rows, column.values, parseJson);
  }
}

function parseJson(text: string): JsonValue {
  assertDepth(Buffer.from(text));
  return JSON.parse(text);
}
