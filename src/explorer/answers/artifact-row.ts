import type { CatalogEntry } from "../../catalog/query/catalog-entry.ts";
import { type Field, leavesOf, paramField, parseField, valuesOf } from "../../catalog/query/field.ts";
import type { ArtifactRow, Json } from "../shapes/common.ts";

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
