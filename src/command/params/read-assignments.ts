import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { messageOf } from "../../errors/error-kind.ts";
import { fieldsOf } from "../../util/fields-of.ts";
import { CommandError } from "../core/command-error.ts";
import { didYouMean } from "../core/suggest.ts";
import { describeShape, pathsOf } from "./describe-shape.ts";
import type { ParamShape, TreeShape } from "./param-shape.ts";
import { readValues } from "./read-value.ts";

/** A parameter, by its path in the params tree, and the values that it is to have. */
export interface Assignment {
  readonly path: readonly string[];
  readonly values: readonly unknown[];
}

/**
 * Reads `k=v`, `k:=JSON` and `k=@file`. A path follows the roles of dependencies first, then plain
 * objects.
 *
 * @param name - of the definition, for messages
 */
export function readAssignments(texts: readonly string[], name: string, shape: TreeShape): readonly Assignment[] {
  return texts.flatMap((text) => {
    const [, key, sign, value = ""] = text.match(/^([^=]+?)(:=|=)(.*)$/s) ?? [];
    if (key === undefined || sign === undefined)
      throw new CommandError(`${JSON.stringify(text)} is not a parameter.`, { hint: "Write k=v, k:=JSON or k=@file." });
    const path = key.split(".");
    const found = shapeAt(path, name, shape);
    if (sign === ":=") return assigned(path, parseJson(key, value), found);
    if (value.startsWith("@")) return fromFile(key, path, value.slice(1), found);
    if (found.kind === "tree") return assigned(path, parseJson(key, value), found);
    return { path, values: readValues(key, value, found) };
  });
}

/** An object that is assigned to a path assigns each of its values. */
function assigned(path: readonly string[], value: unknown, shape: ParamShape): readonly Assignment[] {
  if (shape.kind === "value") return [{ path, values: [value] }];
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new CommandError(`${path.join(".")} has parameters of its own: give an object, or ${path.join(".")}.…=….`);
  return Object.entries(value).flatMap(([key, inner]) => {
    const field = shape.fields.get(key)?.shape ?? { kind: "value", types: [] };
    return assigned([...path, key], inner, field);
  });
}

function parseJson(key: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CommandError(`The value of ${key} is not JSON: ${messageOf(cause)}.`, { cause });
  }
}

function fromFile(key: string, path: readonly string[], file: string, shape: ParamShape): readonly Assignment[] {
  const text = readText(file);
  const isJson = shape.kind === "tree" || extname(file) === ".json";
  return isJson ? assigned(path, parseJson(key, text), shape) : [{ path, values: [text] }];
}

/** The params tree in a file. */
export function readParamsFile(file: string): Readonly<Record<string, unknown>> {
  const tree = parseJson(file, readText(file));
  if (typeof tree !== "object" || tree === null || Array.isArray(tree))
    throw new CommandError(`${file} does not hold a params tree.`, { hint: 'Write an object: { "zThreshold": 2 }.' });
  return fieldsOf(tree);
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new CommandError(`The file ${file} cannot be read: ${messageOf(cause)}.`, { cause });
  }
}

/** The shape of the parameter at a path. */
function shapeAt(path: readonly string[], name: string, root: TreeShape): ParamShape {
  let at: ParamShape = root;
  for (const key of path) {
    if (at.kind === "value") return at;
    const field = at.fields.get(key);
    if (field === undefined && !at.isOpen) throw unknownParam(path, name, root);
    at = field?.shape ?? { kind: "value", types: [] };
  }
  return at;
}

function unknownParam(path: readonly string[], name: string, root: TreeShape): CommandError {
  const given = path.join(".");
  const meant = didYouMean(given, pathsOf(root));
  return new CommandError(`${name} has no parameter ${given}.${meant}`, { hint: describeShape(root) });
}
