import { parseAddress } from "../../address/address-of.ts";
import { isJsonObject, type JsonValue } from "../../canonical/tagged-json.ts";
import { defaultDecodeLimits } from "../../format/decode-limits.ts";
import { decodeTable } from "../../format/table/decode-table.ts";
import { encodeTable } from "../../format/table/encode-table.ts";
import { MAX_RECORD_DEPTH } from "../../record/record.ts";
import { type Column, makeColumn } from "../../table/column.ts";
import { ColumnTable } from "../../table/column-table.ts";
import { createSha256, sha256Hex } from "../../util/digest/sha256.ts";
import { isTextList } from "../../util/json/checks.ts";
import { jsonDepth } from "../../util/json/json-depth.ts";
import { ADDRESS_WORDS } from "../columns/address-rows.ts";
import { type ColumnKind, type EntryColumns, MAX_COLUMNS, MAX_RECIPE_COLUMNS } from "../columns/entry-columns.ts";
import { MAX_TIME_MS } from "../columns/exact-time.ts";
import type { CodedValues } from "../columns/value-column.ts";

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
 * `["n","params","z"]`. A column of other values is called `v`: it holds 0 for no value, or the
 * place of the value, plus one, in the list that the head has for that column. The addresses are
 * eight columns of 32 bits.
 */
const VERSION = 3;
const DIGEST_DIGITS = 64;
const LENGTH_DIGITS = 8;
/** A column may have numbers and other values. */
const MAX_STORED = ADDRESS_WORDS + 2 * (MAX_COLUMNS + MAX_RECIPE_COLUMNS);
/** A value is at least two levels deep in a record, and three in the head. */
const MAX_HEAD_DEPTH = MAX_RECORD_DEPTH + 1;
const KINDS: readonly string[] = ["fact", "params", "summary", "cost", "dependencyName", "dependencyAddress", "recipe"];
const TEXT_FACTS = ["created", "format", "version", "hasCost"];

/** Encodes some rows. */
export function encodeIndexFile(
  columns: EntryColumns,
  rows: ArrayLike<number>,
  head: Omit<IndexHead, "rows">,
): readonly Uint8Array[] {
  const stored: Column[] = [];
  const lists: (readonly JsonValue[])[] = [];
  for (let word = 0; word < ADDRESS_WORDS; word++)
    stored.push(makeColumn(`address${word}`, "uint32", columns.addresses.wordsOf(rows, word)));
  for (const { kind, keys, values } of columns.columns()) {
    const numbers = values.numbersAt(rows);
    const coded = values.codedAt(rows);
    if (numbers !== undefined) stored.push(makeColumn(JSON.stringify(["n", kind, ...keys]), "float64", numbers));
    if (coded === undefined) continue;
    stored.push(makeColumn(JSON.stringify(["v", kind, ...keys]), "uint32", coded.codes));
    lists.push(coded.values);
  }
  const headBytes = Buffer.from(JSON.stringify({ version: VERSION, ...head, rows: rows.length, lists }));
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
    const json = parseHead(bytes.subarray(headStart, headEnd));
    const version = isJsonObject(json) ? json.version : undefined;
    if (version !== VERSION) return Number(version) > VERSION ? "newer" : "damaged";
    const head = headOf(json);
    const table = decodeTable(bytes.subarray(0, headStart), defaultDecodeLimits);
    if (head === undefined || table.rowCount !== head.rows || table.columns.length > MAX_STORED) return "damaged";
    const addresses = addressesOf(table);
    const stored = storedColumns(table.columns.slice(ADDRESS_WORDS), json);
    return { head, addTo: (columns, isWanted) => addRows(columns, addresses, stored, isWanted) };
  } catch {
    return "damaged";
  }
}

function headOf(json: JsonValue): IndexHead | undefined {
  if (!isJsonObject(json)) return undefined;
  const { name, rows, replaces, after, changedMs, others } = json;
  if (typeof name !== "string" || typeof rows !== "number") return undefined;
  if (!isTextList(replaces) || !isTextList(after) || !isTextList(others)) return undefined;
  return { name, rows, replaces, after, others, ...(typeof changedMs === "number" ? { changedMs } : {}) };
}

/** A column with its place in entries. */
interface StoredColumn {
  readonly kind: ColumnKind;
  readonly keys: readonly string[];
  readonly values: Float64Array | CodedValues;
}

function storedColumns(columns: readonly Column[], head: JsonValue): readonly StoredColumn[] {
  const lists = isJsonObject(head) && Array.isArray(head.lists) ? head.lists.values() : [].values();
  return columns.map((column): StoredColumn => {
    const json: JsonValue = JSON.parse(column.name);
    if (!isTextList(json)) throw new Error("a column has no place");
    const [letter, kind = "", ...keys] = json;
    if (!isKind(kind) || keys.length === 0) throw new Error("a column has no place");
    if (column.type === "float64" && letter === "n") {
      if (kind === "fact" && keys[0] === "created") checkTimes(column.values);
      return { kind, keys, values: column.values };
    }
    const values = lists.next().value;
    if (column.type !== "uint32" || letter !== "v" || !Array.isArray(values)) throw new Error("a column has no values");
    checkValues(kind, keys, values);
    if (column.values.some((code) => code > values.length)) throw new Error("a row has a value that is not listed");
    return { kind, keys, values: { codes: column.values, values } };
  });
}

/** The facts of an entry have fixed types, so a file with other types is refused. */
function checkValues(kind: ColumnKind, keys: readonly string[], values: readonly JsonValue[]): void {
  if (kind === "recipe" && values.some((value) => typeof value !== "string")) throw new Error("a part is not a text");
  if (kind === "fact" && !TEXT_FACTS.includes(keys.join("."))) throw new Error("a fact is not a text");
  if (kind === "dependencyAddress") for (const value of values) parseAddress(String(value));
}

function checkTimes(times: Float64Array): void {
  if (times.some((ms) => Math.abs(ms) > MAX_TIME_MS)) throw new Error("a time is out of range");
}

function isKind(kind: string): kind is ColumnKind {
  return KINDS.includes(kind);
}

function addressesOf(table: ColumnTable): readonly Uint32Array[] {
  return Array.from({ length: ADDRESS_WORDS }, (_, word) => {
    const column = table.columns[word];
    if (column?.type !== "uint32" || column.name !== `address${word}`) throw new Error("an address is missing");
    return column.values;
  });
}

function addRows(
  columns: EntryColumns,
  addresses: readonly Uint32Array[],
  stored: readonly StoredColumn[],
  isWanted: (kind: ColumnKind) => boolean,
): void {
  const times = stored.find(({ kind, keys }) => kind === "fact" && keys[0] === "recordMs")?.values;
  const recordMs = times instanceof Float64Array ? times : new Float64Array(addresses[0]?.length ?? 0);
  const rows = columns.addStored(addresses, recordMs);
  for (const { kind, keys, values } of stored) {
    if (!isWanted(kind)) continue;
    const target = columns.column(kind, keys);
    if (rows === undefined) target.setFirst(values);
    else target.setMany(rows, values);
  }
}

function parseHead(bytes: Uint8Array): JsonValue {
  if (jsonDepth(bytes, MAX_HEAD_DEPTH) > MAX_HEAD_DEPTH) throw new Error("the head is nested too deeply");
  return JSON.parse(Buffer.from(bytes).toString());
}
