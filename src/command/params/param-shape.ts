import { declarationKey } from "../../persistable/declare/declaring-class.ts";
import { fieldsOf } from "../../util/fields-of.ts";
import { type AnyClass, type AnyDefinition, isDefinition } from "../module/find-targets.ts";

/** The facts that are known about a parameter, or a whole params tree, before values are given. */
export type ParamShape = TreeShape | ValueShape;

/** An object whose keys are known. */
export interface TreeShape {
  readonly kind: "tree";
  readonly fields: ReadonlyMap<string, ParamField>;
  /** Whether there may be further keys, about which nothing is known. */
  readonly isOpen: boolean;
}

/** The shape of one value. If `types` is empty, nothing is known about the value. */
export interface ValueShape {
  readonly kind: "value";
  readonly types: readonly string[];
  /** All values that it may have, if there are few. */
  readonly choices?: readonly unknown[];
  /** Further conditions of the schema as a text, such as `> 0`. */
  readonly bounds?: string;
}

export interface ParamField {
  readonly shape: ParamShape;
  readonly isRole: boolean;
  readonly isRequired: boolean;
  /** Absent if there is none. */
  readonly default?: unknown;
}

const unknownValue: ValueShape = { kind: "value", types: [] };
const openTree: TreeShape = { kind: "tree", fields: new Map(), isOpen: true };

/**
 * Returns the shape of a params tree: the own params, as their schema describes them, and the
 * roles.
 */
export function shapeOf(declared: AnyDefinition | AnyClass): TreeShape {
  const own = shapeOfSchema(schemaOf(declared));
  const fields = new Map(own.fields);
  for (const [role, dependency] of Object.entries(fieldsOf(fieldsOf(declared).dependencies))) {
    const shape = isDefinition(dependency) ? shapeOf(dependency) : openTree;
    const isRequired = [...shape.fields.values()].some((field) => field.isRequired);
    fields.set(role, { shape, isRole: true, isRequired });
  }
  return { kind: "tree", fields, isOpen: own.isOpen };
}

/**
 * Returns the schema of the own params; `undefined` if a definition has none. A class without a
 * schema accepts any params.
 */
function schemaOf(declared: AnyDefinition | AnyClass): unknown {
  const declaration: unknown = Reflect.get(declared, declarationKey);
  return declaration === undefined ? (fieldsOf(declared).paramsSchema ?? {}) : fieldsOf(declaration).params;
}

function shapeOfSchema(schema: unknown): TreeShape {
  if (schema === undefined) return { kind: "tree", fields: new Map(), isOpen: false };
  const json = jsonSchemaOf(schema);
  const shape = json === undefined ? shapeOfEntries(schema) : shapeOfJson(json, json);
  return shape?.kind === "tree" ? shape : openTree;
}

/** Returns the schema as JSON Schema, if its library can convert it, as zod and arktype can. */
function jsonSchemaOf(schema: unknown): unknown {
  const { jsonSchema } = fieldsOf(fieldsOf(schema)["~standard"]);
  const { input } = fieldsOf(jsonSchema);
  if (typeof input !== "function") return undefined;
  try {
    return input({ target: "draft-2020-12" });
  } catch {
    return undefined; // A date, a bigint: JSON Schema has no word for it.
  }
}

/**
 * Reads the fields of a valibot schema from its `entries`. For a zod schema that JSON Schema cannot
 * express, it reads them from its `shape`.
 */
function shapeOfEntries(schema: unknown): TreeShape | undefined {
  const { type, entries, shape } = fieldsOf(schema);
  if (type === "strict_object" || type === "object" || type === "loose_object") {
    const fields = new Map(
      Object.entries(fieldsOf(entries ?? shape)).map(([key, entry]) => [key, fieldOfEntry(entry)]),
    );
    if (fields.size > 0) return { kind: "tree", fields, isOpen: type === "loose_object" };
  }
  return undefined;
}

function fieldOfEntry(entry: unknown): ParamField {
  const { type, wrapped, default: standard, options } = fieldsOf(entry);
  if (wrapped !== undefined) {
    const inner = fieldOfEntry(wrapped);
    return { ...inner, isRequired: false, ...(standard === undefined ? {} : { default: standard }) };
  }
  const nested = shapeOfEntries(entry);
  const named = ["number", "string", "boolean", "array"].includes(String(type)) ? [String(type)] : [];
  const value: ValueShape =
    type === "picklist" && Array.isArray(options)
      ? { kind: "value", types: options.map((option) => typeof option), choices: options }
      : { kind: "value", types: named };
  return { shape: nested ?? value, isRole: false, isRequired: true };
}

function shapeOfJson(schema: unknown, root: unknown): ParamShape {
  const {
    $ref,
    type,
    enum: choices,
    const: only,
    anyOf,
    oneOf,
    properties,
    additionalProperties,
    required,
  } = fieldsOf(schema);
  if (typeof $ref === "string") return shapeOfJson(followed($ref, root), root);
  if (properties !== undefined) {
    const names: readonly unknown[] = Array.isArray(required) ? required : [];
    const fields = Object.entries(fieldsOf(properties)).map(([key, property]): [string, ParamField] => {
      const shape = shapeOfJson(property, root);
      const standard = fieldsOf(property).default;
      const isRequired = names.includes(key) && standard === undefined;
      return [key, { shape, isRole: false, isRequired, ...(standard === undefined ? {} : { default: standard }) }];
    });
    const isOpen = additionalProperties !== undefined && additionalProperties !== false;
    return { kind: "tree", fields: new Map(fields), isOpen };
  }
  const several = anyOf ?? oneOf;
  if (Array.isArray(several)) return joined(several.map((one) => shapeOfJson(one, root)));
  const values = Array.isArray(choices) ? choices : only === undefined ? undefined : [only];
  if (values !== undefined) return { kind: "value", types: values.map((value) => typeof value), choices: values };
  const types = (Array.isArray(type) ? type : [type]).filter((one) => typeof one === "string");
  const bounds = boundsOf(schema);
  return { kind: "value", types, ...(bounds === "" ? {} : { bounds }) };
}

function followed(reference: string, root: unknown): unknown {
  return reference
    .split("/")
    .slice(1)
    .reduce<unknown>((at, part) => fieldsOf(at)[part], root);
}

/** Joins the shapes of a union: the value may be of any of their types. */
function joined(shapes: readonly ParamShape[]): ValueShape {
  const values = shapes.filter((shape) => shape.kind === "value");
  if (values.length < shapes.length || values.some(({ types }) => types.length === 0)) return unknownValue;
  const types = [...new Set(values.flatMap((shape) => shape.types))];
  const isClosed = values.every(({ choices }) => choices !== undefined);
  return { kind: "value", types, ...(isClosed ? { choices: values.flatMap(({ choices = [] }) => choices) } : {}) };
}

function boundsOf(schema: unknown): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = fieldsOf(schema);
  const isPlain = (bound: unknown): boolean => typeof bound === "number" && Math.abs(bound) < Number.MAX_SAFE_INTEGER;
  const bounds: readonly (readonly [sign: string, bound: unknown])[] = [
    [">=", minimum],
    [">", exclusiveMinimum],
    ["<=", maximum],
    ["<", exclusiveMaximum],
  ];
  return bounds.flatMap(([sign, bound]) => (isPlain(bound) ? [`${sign} ${String(bound)}`] : [])).join(" and ");
}
