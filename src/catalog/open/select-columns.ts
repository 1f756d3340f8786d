import type { JsonObject, JsonValue } from "../../canonical/tagged-json.ts";
import type { CatalogEntry } from "../query/catalog-entry.ts";
import { type Field, isAtOrBelow, isTree, parseField } from "../query/field.ts";

/** An entry with these params, summaries and costs alone. Facts are always kept. */
export function selectColumns(entry: CatalogEntry, columns: readonly string[]): CatalogEntry {
  const fields = columns.map(parseField);
  const { cost } = entry;
  return {
    ...entry,
    params: selectTree(entry.params, pathsOf(fields, "params")),
    summary: selectTree(entry.summary, pathsOf(fields, "summary")),
    ...(cost === undefined ? {} : { cost: selectCost(cost, pathsOf(fields, "cost")) }),
  };
}

function pathsOf(fields: readonly Field[], kind: "params" | "summary" | "cost"): readonly string[] {
  return fields.flatMap((field) => (field.kind === kind ? [field.path] : []));
}

function selectTree(tree: JsonObject, paths: readonly string[], outer: readonly string[] = []): JsonObject {
  const entries: [string, JsonValue][] = [];
  for (const [escaped, value] of Object.entries(tree)) {
    const keys = [...outer, escaped.startsWith("$$") ? escaped.slice(1) : escaped];
    const path = keys.join(".");
    if (paths.some((wanted) => isAtOrBelow(path, wanted))) entries.push([escaped, value]);
    else if (isTree(value) && paths.some((wanted) => isAtOrBelow(wanted, path))) {
      const selected = selectTree(value, paths, keys);
      if (Object.keys(selected).length > 0) entries.push([escaped, selected]);
    }
  }
  return Object.fromEntries(entries);
}

function selectCost(
  cost: Readonly<Record<string, number>>,
  paths: readonly string[],
): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(cost).filter(([unit]) => paths.some((path) => isAtOrBelow(unit, path))));
}
