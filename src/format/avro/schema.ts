import type { AvroLogical } from "./logical-types.ts";

/** A schema of Avro in its JSON form. */
export type AvroSchema =
  | string
  | readonly unknown[]
  | { readonly type: unknown; readonly [attribute: string]: unknown };

/** The type of a `long` in a payload. */
export type AvroLongs = "number" | "bigint";

export const primitiveKinds = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"] as const;

export type AvroPrimitive = (typeof primitiveKinds)[number];

/**
 * A schema with its references resolved. A type that refers to itself is a cycle of these objects.
 */
export type AvroType =
  | { readonly kind: AvroPrimitive; readonly logical?: AvroLogical }
  | { readonly kind: "fixed"; readonly name: string; readonly sizeBytes: number; readonly logical?: AvroLogical }
  | { readonly kind: "enum"; readonly name: string; readonly symbols: readonly string[] }
  | { readonly kind: "array"; readonly items: AvroType }
  | { readonly kind: "map"; readonly values: AvroType }
  | { readonly kind: "record"; readonly name: string; readonly fields: readonly AvroField[] }
  | { readonly kind: "union"; readonly branches: readonly AvroType[] };

/** A type that may have a logical type. */
export interface LogicalAvroType {
  readonly logical?: AvroLogical;
}

export type AvroUnion = Extract<AvroType, { kind: "union" }>;
export type AvroRecord = Extract<AvroType, { kind: "record" }>;

export interface AvroField {
  readonly name: string;
  readonly type: AvroType;
}

/**
 * Returns a text that is the same for two schemas exactly if they describe the same bytes with the
 * same names. Comments, defaults, aliases and logical types make no difference to it.
 */
export function canonicalSchema(type: AvroType, seen = new Set<AvroType>()): string {
  switch (type.kind) {
    case "array":
      return `[${canonicalSchema(type.items, seen)}]`;
    case "map":
      return `<${canonicalSchema(type.values, seen)}>`;
    case "union":
      return `(${type.branches.map((branch) => canonicalSchema(branch, seen)).join("|")})`;
    case "enum":
      return `enum ${type.name}(${type.symbols.join()})`;
    case "fixed":
      return `fixed ${type.name}(${type.sizeBytes})`;
    case "record": {
      // The name is enough for a record that was written out before, and it ends a cycle.
      if (seen.has(type)) return `record ${type.name}`;
      seen.add(type);
      return `record ${type.name}{${type.fields.map((f) => `${f.name}:${canonicalSchema(f.type, seen)}`).join()}}`;
    }
    default:
      return type.kind;
  }
}
