import type { CatalogEntry } from "../../catalog/query/catalog-entry.ts";
import { type Field, leavesOf, paramField, parseField, valuesOf } from "../../catalog/query/field.ts";
import type { CompareRow } from "../shapes/artifact-shapes.ts";
import type { ArtifactRow, Json } from "../shapes/common.ts";

/** These facts differ between any two artifacts, so they explain nothing. */
const ALWAYS_DIFFERENT = /^provenance\.(?:createdAt|durationMs|pid|seed)$/;
const GROUPS = ["params", "summary", "cost", "payload", "provenance"] as const;

/** An artifact as a row, with the values of these fields. */
export function rowOf(entry: CatalogEntry, fields: readonly string[] = []): ArtifactRow {
  const { params: _params, summary: _summary, cost: _cost, dependencies: _dependencies, ...facts } = entry;
  return { ...facts, values: valuesAt(entry, fields) };
}

/** The values of some fields; a field without a value is left out. */
export function valuesAt(entry: CatalogEntry, fields: readonly string[]): Readonly<Record<string, Json>> {
  const values = fields.map((field): [string, Json | undefined] => [field, valuesOf(entry, parseField(field))[0]]);
  return Object.fromEntries(values.filter((value): value is [string, Json] => value[1] !== undefined));
}

/** Params, summary and cost of an entry, by the fields of queries. */
export function allValuesOf({ params, summary, cost }: CatalogEntry): ReadonlyMap<string, Json> {
  const values = new Map<string, Json>();
  for (const { path, value } of leavesOf(params)) values.set(paramField(path), value);
  for (const { path, value } of leavesOf(summary)) values.set(`summary.${path}`, value);
  for (const [unit, amount] of Object.entries(cost ?? {})) values.set(`cost.${unit}`, amount);
  return values;
}

export function kindOf(field: string): Field["kind"] {
  return parseField(field).kind;
}

/** One row of a comparison: the values of a field, `undefined` for an artifact without it. */
export function compareRow(path: string, values: readonly (Json | undefined)[], isSame: boolean): CompareRow {
  return {
    path,
    group: GROUPS.find((group) => path.startsWith(`${group}.`)) ?? "version",
    cells: values.map((value) => (value === undefined ? null : { value })),
    isSame,
    ...(ALWAYS_DIFFERENT.test(path) ? { isAlwaysDifferent: true } : {}),
  };
}

/** Rows that differ come first. */
export function inOrder(rows: readonly CompareRow[]): { readonly rows: CompareRow[]; readonly differing: number } {
  const differing = rows.filter(({ isSame }) => !isSame);
  return { rows: [...differing, ...rows.filter(({ isSame }) => isSame)], differing: differing.length };
}
