import type { JsonObject, JsonValue } from "../../canonical/tagged-json.ts";
import type { CatalogEntry } from "./catalog-entry.ts";

/** The words of queries for what is known of every artifact. */
export type Fact =
  | "name"
  | "address"
  | "state"
  | "created"
  | "took"
  | "size"
  | "format"
  | "version"
  | "draw"
  | "from"
  | "problem";

/** The things that a query can ask for: a fact, or a value in one of the trees of an entry. */
export type Field =
  | { readonly kind: "fact"; readonly fact: Fact }
  | { readonly kind: "params" | "summary" | "cost"; readonly path: string };

/** Reads each fact of an entry as a list, which is empty if the entry lacks the fact. */
const FACTS: Readonly<Record<Fact, (entry: CatalogEntry) => readonly JsonValue[]>> = {
  name: ({ name }) => [name],
  address: ({ address }) => [address],
  state: ({ state }) => [state],
  created: ({ createdAt }) => (createdAt === undefined ? [] : [{ $date: createdAt }]),
  took: ({ durationMs }) => (durationMs === undefined ? [] : [durationMs]),
  size: ({ sizeBytes }) => (sizeBytes === undefined ? [] : [sizeBytes]),
  format: ({ format }) => (format === undefined ? [] : [format]),
  version: ({ version }) => (version === undefined ? [] : [version]),
  draw: ({ draw }) => [draw ?? 0],
  from: ({ dependencies }) => Object.values(dependencies).map(({ address }) => address),
  problem: ({ problem }) => (problem === undefined ? [] : [problem]),
};

function isFact(word: string): word is Fact {
  return Object.hasOwn(FACTS, word);
}

/**
 * A fact goes before a parameter of the same name: `size` is the fact, `params.size` the parameter.
 */
export function parseField(text: string): Field {
  if (isFact(text)) return { kind: "fact", fact: text };
  const [, kind, path] = /^(params|summary|cost)\.(.+)$/s.exec(text) ?? [];
  if (path !== undefined && (kind === "params" || kind === "summary" || kind === "cost")) return { kind, path };
  return { kind: "params", path: text };
}

/** The field of a parameter, as queries write it. */
export function paramField(path: string): string {
  return isFact(path) || /^(?:params|summary|cost)\./.test(path) ? `params.${path}` : path;
}

/** Returns all values that an entry has in a field, including those below an inner object. */
export function valuesOf(entry: CatalogEntry, field: Field): readonly JsonValue[] {
  if (field.kind === "fact") return FACTS[field.fact](entry);
  const tree = entry[field.kind] ?? {};
  const values: JsonValue[] = [];
  for (const { path, value } of leavesOf(tree)) if (path === field.path) values.push(value);
  return values;
}

/** Whether an entry has a value in a field, or below it. */
export function hasField(entry: CatalogEntry, field: Field): boolean {
  if (field.kind === "fact") return FACTS[field.fact](entry).length > 0;
  for (const { path } of leavesOf(entry[field.kind] ?? {})) if (isAtOrBelow(path, field.path)) return true;
  return false;
}

/** `points.n` is below `points`. */
export function isAtOrBelow(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}.`);
}

/** A value of a tree, with the keys that lead to it. */
export interface Leaf {
  readonly keys: readonly string[];
  /** The keys with dots between them, as queries write them. */
  readonly path: string;
  readonly value: JsonValue;
}

/** The values of a tree. Plain objects are taken apart; lists and tagged values are not. */
export function* leavesOf(tree: JsonObject, outer: readonly string[] = []): Generator<Leaf> {
  for (const [escaped, value] of Object.entries(tree)) {
    const keys = [...outer, escaped.startsWith("$$") ? escaped.slice(1) : escaped];
    if (isTree(value)) yield* leavesOf(value, keys);
    else yield { keys, path: keys.join("."), value };
  }
}

/** An object with fields of its own; `{ $date: … }` is a value, and so is `{}`. */
export function isTree(value: JsonValue | undefined): value is JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const keys = Object.keys(value);
  const [first] = keys;
  return first !== undefined && !(keys.length === 1 && first.startsWith("$") && !first.startsWith("$$"));
}
