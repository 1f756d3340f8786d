import type { RecipeParam } from "../../address/recipe-node.ts";
import { visibleLine } from "../../errors/visible-text.ts";
import { Secret } from "../../params/secret.ts";

/** Own params on one line, as JSON-like text without secrets. */
export function describeParams(recipeParams: readonly RecipeParam[]): string {
  const parts = recipeParams.map(
    ({ key, value, kind }) => `${key}: ${describeParam(value)}${kind === "untracked" ? " (untracked)" : ""}`,
  );
  return parts.length === 0 ? "{}" : visibleLine(`{ ${parts.join(", ")} }`);
}

const MAX_PARAM_LENGTH = 200;

function describeParam(value: unknown): string {
  const text = tryJson(value);
  return text.length > MAX_PARAM_LENGTH ? `${text.slice(0, MAX_PARAM_LENGTH)}…` : text;
}

function tryJson(value: unknown): string {
  if (value instanceof Secret) return "[secret]";
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${value.byteLength} bytes)`;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return `[${typeof value}]`;
  }
}
