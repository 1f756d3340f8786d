import type { Type } from "avsc";
import { DefinitionError } from "../../errors/persistable-errors.ts";

/** A schema of Avro, as JSON has it. */
export type AvroSchema =
  | string
  | readonly unknown[]
  | { readonly type: unknown; readonly [attribute: string]: unknown };

/** How `long` comes back: of as many bits as numbers hold exactly, or of all 64. */
export type AvroLongs = "number" | "bigint";

/** A schema with its names resolved; what refers to itself is a cycle. */
export type AvroType =
  | { readonly kind: "null" | "boolean" | "int" | "long" | "float" | "double" | "bytes" | "string" }
  | { readonly kind: "fixed"; readonly sizeBytes: number }
  | { readonly kind: "enum"; readonly symbols: readonly string[] }
  | { readonly kind: "array"; readonly items: AvroType }
  | { readonly kind: "map"; readonly values: AvroType }
  | { readonly kind: "record"; readonly name: string; readonly fields: readonly AvroField[] }
  | { readonly kind: "union"; readonly branches: readonly AvroType[] };

export type AvroUnion = Extract<AvroType, { kind: "union" }>;
export type AvroRecord = Extract<AvroType, { kind: "record" }>;

export interface AvroField {
  readonly name: string;
  readonly type: AvroType;
}

/** What of the library's types is asked for. */
interface ParsedType {
  readonly typeName: string;
  readonly name?: string;
  readonly size: number;
  readonly symbols: readonly string[];
  readonly itemsType: ParsedType;
  readonly valuesType: ParsedType;
  readonly types: readonly ParsedType[];
  readonly fields: readonly { readonly name: string; readonly type: ParsedType }[];
}

/** @throws {@link DefinitionError} for a field of the name `__proto__` */
export function resolveAvro(type: Type): AvroType {
  return resolve(type as unknown as ParsedType, new Map());
}

function resolve(type: ParsedType, known: Map<ParsedType, AvroType>): AvroType {
  const resolved = known.get(type);
  if (resolved !== undefined) return resolved;
  // What refers to the type that is being resolved is given this object.
  const target = {} as AvroType;
  known.set(type, target);
  return Object.assign(
    target,
    shapeOf(type, (inner) => resolve(inner, known)),
  );
}

function shapeOf(type: ParsedType, resolve: (inner: ParsedType) => AvroType): AvroType {
  const { typeName } = type;
  if (typeName.startsWith("union")) return { kind: "union", branches: type.types.map(resolve) };
  if (typeName === "record" || typeName === "error") {
    if (type.fields.some(({ name }) => name === "__proto__"))
      throw new DefinitionError("A record of an Avro schema cannot have a field __proto__. Give it another name.");
    const fields = type.fields.map((field) => ({ name: field.name, type: resolve(field.type) }));
    return { kind: "record", name: type.name ?? "record", fields };
  }
  if (typeName === "array") return { kind: "array", items: resolve(type.itemsType) };
  if (typeName === "map") return { kind: "map", values: resolve(type.valuesType) };
  if (typeName === "enum") return { kind: "enum", symbols: type.symbols };
  if (typeName === "fixed") return { kind: "fixed", sizeBytes: type.size };
  return { kind: typeName } as AvroType;
}
