import { isFields } from "../../util/json/checks.ts";
import { jsonDepth } from "../../util/json/json-depth.ts";
import { defaultProblem } from "./default-values.ts";
import { logicalOf } from "./logical-types.ts";
import { type AvroField, type AvroPrimitive, type AvroType, primitiveKinds } from "./schema.ts";

/** A schema is not valid. The message says what is wrong, and where in the schema. */
export class AvroSchemaError extends Error {}

type Attributes = Readonly<Record<string, unknown>>;

/** The position of a part in the schema: its path, and the namespace that it inherits. */
interface Position {
  readonly path: string;
  readonly namespace: string;
}

const primitives: ReadonlyMap<unknown, { readonly kind: AvroPrimitive }> = new Map(
  primitiveKinds.map((kind) => [kind, { kind }]),
);
const MAX_BYTES = 1024 * 1024;
const MAX_DEPTH = 200;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Parses the schema that a file holds, which may be any bytes.
 *
 * @throws {@link AvroSchemaError}
 */
export function parseSchemaText(bytes: Uint8Array): unknown {
  if (bytes.length > MAX_BYTES) throw new AvroSchemaError("schema is larger than 1 MiB");
  if (jsonDepth(bytes, MAX_DEPTH) > MAX_DEPTH)
    throw new AvroSchemaError(`schema is nested more than ${MAX_DEPTH} levels deep`);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new AvroSchemaError("schema is not JSON");
  }
}

/**
 * Resolves the names of a schema (Apache Avro 1.11 and 1.12, "Schema Declaration" and "Names").
 *
 * @param schema - the value that `parseSchemaText` returned
 * @throws {@link AvroSchemaError} with the path of the first part that is wrong
 */
export function parseAvroSchema(schema: unknown): AvroType {
  const parser = new SchemaParser();
  const type = parser.parse(schema, { path: "schema", namespace: "" });
  parser.checkDefaults();
  return type;
}

/**
 * Like {@link parseAvroSchema}, for the schema in a file of another writer. Defaults, which other
 * writers may get wrong, are not looked at: they have no part in reading.
 */
export function parseForeignSchema(schema: unknown): AvroType {
  return new SchemaParser().parse(schema, { path: "schema", namespace: "" });
}

class SchemaParser {
  readonly #named = new Map<string, AvroType>();
  /** Defaults are checked last: their type may be a record whose fields are still being parsed. */
  readonly #defaults: { readonly type: AvroType; readonly value: unknown; readonly path: string }[] = [];

  parse(schema: unknown, at: Position): AvroType {
    if (typeof schema === "string") return this.#resolveName(schema, at);
    if (Array.isArray(schema)) return this.#parseUnion(schema, at);
    if (!isFields(schema)) return fail(at, "is missing, or is not a name, a list of branches or an object");
    switch (schema.type) {
      case "record":
      case "error":
        return this.#parseRecord(schema, at);
      case "enum":
        return this.#parseEnum(schema, at);
      case "fixed":
        return this.#parseFixed(schema, at);
      case "array":
        return { kind: "array", items: this.parse(schema.items, inside(at, "items")) };
      case "map":
        return { kind: "map", values: this.parse(schema.values, inside(at, "values")) };
      default:
        return this.#parsePrimitive(schema, at);
    }
  }

  #parsePrimitive(schema: Attributes, at: Position): AvroType {
    const primitive = primitives.get(schema.type);
    // Some writers nest a type in another object, to give it attributes.
    if (primitive === undefined && typeof schema.type === "object") return this.parse(schema.type, inside(at, "type"));
    if (primitive === undefined) return fail(inside(at, "type"), `is ${show(schema.type)}, which is not a type`);
    const logical = logicalOf(primitive.kind, schema);
    return logical === undefined ? primitive : { ...primitive, logical };
  }

  checkDefaults(): void {
    for (const { type, value, path } of this.#defaults) {
      const problem = defaultProblem(type, value);
      if (problem !== undefined) fail({ path, namespace: "" }, `is ${show(value)}, which ${problem}`);
    }
  }

  #resolveName(name: string, at: Position): AvroType {
    const known = primitives.get(name) ?? this.#named.get(qualify(name, at.namespace));
    return known ?? fail(at, `is ${show(name)}, which is not a type and not the name of one that was defined before`);
  }

  #parseUnion(schema: readonly unknown[], at: Position): AvroType {
    if (schema.length === 0) fail(at, "is a union without branches");
    const branches = schema.map((branch, i) => this.parse(branch, { ...at, path: `${at.path}[${i}]` }));
    const seen = new Set<string>();
    for (const [i, branch] of branches.entries()) {
      if (branch.kind === "union") fail(at, `has a union as branch ${i}: write its branches there instead`);
      const id = "name" in branch && branch.name !== "" ? branch.name : branch.kind;
      if (seen.has(id)) fail(at, `has two branches that are ${id}, which nothing tells apart`);
      seen.add(id);
    }
    return { kind: "union", branches };
  }

  #parseRecord(schema: Attributes, at: Position): AvroType {
    const { name, namespace } = this.#nameOf(schema, at);
    const fields: AvroField[] = [];
    const record: AvroType = { kind: "record", name, fields };
    this.#define(record, name, at);
    if (!Array.isArray(schema.fields)) return fail(inside(at, "fields"), "is not a list");
    const list: readonly unknown[] = schema.fields;
    const seen = new Set<string>();
    for (const [i, field] of list.entries()) {
      const position = { path: `${at.path}.fields[${i}]`, namespace };
      const parsed = this.#parseField(field, position);
      if (seen.has(parsed.name)) fail(position, `has the name ${parsed.name}, as a field before it`);
      seen.add(parsed.name);
      fields.push(parsed);
    }
    return record;
  }

  #parseField(field: unknown, at: Position): AvroField {
    if (!isFields(field)) return fail(at, "is not an object with a name and a type");
    const { name } = field;
    if (!isName(name)) return fail(inside(at, "name"), `is ${show(name)}, which is not a name (letters, digits, _)`);
    if (name === "__proto__") fail(inside(at, "name"), "is __proto__, which no payload can have. Give it another name");
    const type = this.parse(field.type, inside(at, "type"));
    const { path } = inside(at, "default");
    if (Object.hasOwn(field, "default")) this.#defaults.push({ type, value: field.default, path });
    return { name, type };
  }

  #parseEnum(schema: Attributes, at: Position): AvroType {
    const { name } = this.#nameOf(schema, at);
    const symbols: unknown = schema.symbols;
    const where = inside(at, "symbols");
    if (!Array.isArray(symbols) || symbols.length === 0 || !symbols.every(isName))
      return fail(where, "is not a list of names (letters, digits, _)");
    if (new Set(symbols).size < symbols.length) fail(where, "has one symbol twice");
    const fallback = schema.default;
    if (fallback !== undefined && !symbols.some((symbol) => symbol === fallback))
      fail(inside(at, "default"), `is ${show(fallback)}, which is not one of the symbols`);
    return this.#define({ kind: "enum", name, symbols }, name, at);
  }

  #parseFixed(schema: Attributes, at: Position): AvroType {
    const { name } = this.#nameOf(schema, at);
    const { size } = schema;
    if (typeof size !== "number" || size !== (size | 0) || size < 0)
      return fail(inside(at, "size"), `is ${show(size)}, which is not a number of bytes`);
    const logical = logicalOf("fixed", schema);
    const fixed: AvroType = { kind: "fixed", name, sizeBytes: size, ...(logical === undefined ? {} : { logical }) };
    return this.#define(fixed, name, at);
  }

  #define(type: AvroType, name: string, at: Position): AvroType {
    if (this.#named.has(name)) fail(at, `defines ${name}, which was defined before. Refer to it by its name`);
    if (name !== "") this.#named.set(name, type);
    return type;
  }

  /**
   * Returns the full name of a definition, and the namespace that the definitions inside it
   * inherit. In payloads of earlier releases, a definition may lack its name. Then the name is
   * empty, and nothing can refer to the definition.
   */
  #nameOf({ name, namespace: given, aliases = [] }: Attributes, at: Position): { name: string; namespace: string } {
    const namespace = given ?? at.namespace;
    if (typeof namespace !== "string" || (namespace !== "" && !isFullName(namespace)))
      return fail(inside(at, "namespace"), `is ${show(given)}, which is not a namespace`);
    if (!Array.isArray(aliases) || !aliases.every((alias) => isFullName(alias)))
      fail(inside(at, "aliases"), "is not a list of names");
    if (name === undefined) return { name: "", namespace };
    if (!isFullName(name))
      return fail(inside(at, "name"), `is ${show(name)}, which is not a name (letters, digits, _)`);
    const full = qualify(name, namespace);
    const end = full.lastIndexOf(".");
    if (primitives.has(full.slice(end + 1))) fail(inside(at, "name"), `is ${show(name)}, the name of a primitive type`);
    return { name: full, namespace: end === -1 ? "" : full.slice(0, end) };
  }
}

function qualify(name: string, namespace: string): string {
  if (name.includes(".")) return name.replace(/^\./, "");
  return namespace === "" ? name : `${namespace}.${name}`;
}

function isName(value: unknown): value is string {
  return typeof value === "string" && NAME.test(value);
}

/**
 * Whether a value is a name, with or without a namespace. The package avsc writes a dot before a
 * name without a namespace.
 */
function isFullName(value: unknown): value is string {
  return typeof value === "string" && value.replace(/^\./, "").split(".").every(isName);
}

function inside({ path, namespace }: Position, attribute: string): Position {
  return { path: `${path}.${attribute}`, namespace };
}

function show(value: unknown): string {
  const text = value === undefined ? "missing" : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function fail({ path }: Position, problem: string): never {
  throw new AvroSchemaError(`${path} ${problem}`);
}
