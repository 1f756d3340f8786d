import { DecodeError, UnsupportedPayloadError } from "../../errors/format-errors.ts";
import { DefinitionError } from "../../errors/persistable-errors.ts";
import { sha256Hex } from "../../util/digest/sha256.ts";
import { decodedBytesAllowed } from "../decode-budget.ts";
import { defaultDecodeLimits } from "../decode-limits.ts";
import type { FormatFor } from "../format.ts";
import { formatFor } from "../format-for.ts";
import { checkAvro } from "./check-avro.ts";
import type { AvroCodec } from "./codecs.ts";
import { readContainer, writeContainer } from "./container.ts";
import { createNodeBudget } from "./decode-avro.ts";
import { AvroSchemaError, parseAvroSchema, parseSchemaText } from "./parse-schema.ts";
import { type AvroLongs, type AvroSchema, type AvroType, canonicalSchema } from "./schema.ts";

export type { AvroCodec } from "./codecs.ts";
export type { AvroLongs, AvroSchema } from "./schema.ts";

/** The schema of an Avro file, and how its blocks are compressed. */
export interface AvroOptions {
  /**
   * The schema of one record. It is part of the format's id, so that a payload which was written
   * with another schema is not read by this one.
   */
  readonly schema: AvroSchema;
  /** How blocks are compressed. The default `"null"` does not compress. Reading takes either. */
  readonly codec?: AvroCodec | undefined;
  /**
   * The type of a `long` in a payload: by default a number (whole, below 2^53), or a bigint of up
   * to 64 bits. It is part of the format's id.
   */
  readonly longs?: AvroLongs | undefined;
}

/**
 * Arrays of records as an Avro object container file, which has its schema inside, for Kafka,
 * Spark, BigQuery and others. Format: Apache Avro 1.11.
 *
 * Each record is a plain object with exactly the fields of the schema. `bytes` and `fixed` are
 * `Uint8Array`s, and a value of a union is the value itself, without a wrapper.
 *
 * The format refuses the first value that does not fit, and names its path: a missing or undeclared
 * field, `-0` or a fraction as `int` or `long`, a number as `float` that 32 bits would round.
 * Logical types are left alone: a `timestamp-millis` is the `long` that it is made of. Files of
 * other writers are read if their schema is the same.
 *
 * @throws {@link DefinitionError} at the first use, for a schema that is not valid
 *
 * @example
 * ```ts
 * import { definePersistable } from "persistable-ts";
 * import { avro } from "persistable-ts/formats/avro";
 *
 * const schema = {
 *   type: "record",
 *   name: "Trip",
 *   fields: [{ name: "id", type: "long" }, { name: "km", type: "double" }, { name: "note", type: ["null", "string"] }],
 * };
 * definePersistable({ name: "trips", generate: () => [{ id: 1, km: 2.5, note: null }], format: avro({ schema }) });
 * ```
 */
export function avro(options: AvroOptions): FormatFor<readonly unknown[]> {
  const { schema, codec = "null", longs = "number" } = options;
  const text = JSON.stringify(schema);
  const id = avroId(text, longs);
  let loaded: LoadedSchema | undefined;
  const load = (): LoadedSchema => {
    loaded ??= loadSchema(text);
    return loaded;
  };
  return formatFor<readonly unknown[]>({
    id,
    extension: ".avro",
    inline: false,
    check: async (payload) => checkAvro(id, payload, load().type, longs),
    async encode(payload) {
      const { type } = load();
      const { written, nodes, contentBytes } = await writeContainer(payload, type, { schema: text, codec, longs });
      assertReadable(id, written, nodes, contentBytes);
      return written;
    },
    async decode(bytes, limits) {
      const expected = load();
      return readContainer(bytes, limits, { longs, resolve: (found) => resolveSame(expected, found) });
    },
  });
}

/**
 * Returns the format's id for a schema. The order of the schema's attributes makes no difference.
 */
export function avroId(schema: string, longs: AvroLongs): string {
  return `avro(${longs === "bigint" ? "bigint," : ""}schema=${sha256Hex(withoutDocs(schema)).slice(0, 16)})`;
}

/** Refuses a payload that reading would later refuse by the default limits. */
function assertReadable(id: string, written: readonly Uint8Array[], nodes: number, contentBytes: number): void {
  const sizeBytes = written.reduce((sum, { length }) => sum + length, 0);
  const { left } = createNodeBudget(sizeBytes, defaultDecodeLimits);
  if (nodes > left)
    throw new UnsupportedPayloadError(id, [], `holds ${nodes} values in ${sizeBytes} bytes`, "Use structured().");
  if (contentBytes > decodedBytesAllowed(sizeBytes, defaultDecodeLimits))
    throw new UnsupportedPayloadError(
      id,
      [],
      `compresses more than ${defaultDecodeLimits.maxRatio} to 1`,
      'Use codec: "null".',
    );
}

interface LoadedSchema {
  /** The schema as JSON text, as the user gave it. */
  readonly text: string;
  readonly type: AvroType;
  readonly canonical: string;
}

function loadSchema(text: string): LoadedSchema {
  try {
    // The schema must pass the reader's own checks, so that no file has a schema which the reader
    // would refuse.
    const type = parseAvroSchema(parseSchemaText(new TextEncoder().encode(text)));
    return { text, type, canonical: canonicalSchema(type) };
  } catch (cause) {
    if (!(cause instanceof AvroSchemaError)) throw cause;
    throw new DefinitionError(`avro was given a schema that is not valid: ${cause.message}.`, { cause });
  }
}

/** Returns the type of the records in a file, whose schema must be the expected one. */
function resolveSame({ text, type, canonical }: LoadedSchema, found: unknown): AvroType {
  if (JSON.stringify(found) === text) return type;
  if (canonicalSchema(parseAvroSchema(found)) === canonical) return type;
  throw new DecodeError("avro", "they were written with another schema");
}

/** Returns the schema with its attributes sorted and without `doc`, which is for people only. */
function withoutDocs(text: string): string {
  return JSON.stringify(
    JSON.parse(text, (key, value: unknown) => {
      if (key === "doc") return undefined;
      if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
      return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
    }),
  );
}
