import { describeValue } from "../../artifact/explain/miss.ts";
import type { ParamField, TreeShape } from "./param-shape.ts";

/** The parameters of a tree as lines in columns, each with what is known of it. */
export function describeShape(shape: TreeShape): string {
  const rows = rowsOf(shape, "");
  if (rows.length === 0) return shape.isOpen ? "" : "It has no parameters.";
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return lines.map((line) => `  ${line}`).join("\n");
}

/** The dotted paths of everything in a tree that takes a value. */
export function pathsOf({ fields }: TreeShape): readonly string[] {
  return [...fields].flatMap(([key, { shape }]) =>
    shape.kind === "tree" ? pathsOf(shape).map((path) => `${key}.${path}`) : [key],
  );
}

function rowsOf({ fields }: TreeShape, prefix: string, mayMiss = false): readonly (readonly string[])[] {
  return [...fields].flatMap(([key, field]) => {
    const path = `${prefix}${key}`;
    const { shape, isRole, isRequired } = field;
    if (shape.kind === "tree") return rowsOf(shape, `${path}.`, mayMiss || !(isRole || isRequired));
    return [[path, kindOf(field), needOf(field, mayMiss)]];
  });
}

function kindOf({ shape }: ParamField): string {
  if (shape.kind === "tree") return "object";
  const { choices, types, bounds } = shape;
  if (choices !== undefined) return choices.map(describeValue).join(" | ");
  return [types.length === 0 ? "any" : types.join(" | "), bounds].filter(Boolean).join(" ");
}

function needOf(field: ParamField, mayMiss: boolean): string {
  if ("default" in field) return `default ${describeValue(field.default)}`;
  return field.isRequired && !mayMiss ? "required" : "optional";
}
