import { Readable } from "node:stream";
import avsc from "avsc";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { avro } from "../../src/format/avro/avro-format.ts";
import { AvroSchemaError, parseAvroSchema } from "../../src/format/avro/parse-schema.ts";
import { type AvroSchema, type AvroType, canonicalSchema } from "../../src/format/avro/schema.ts";
import { defaultDecodeLimits } from "../../src/format/decode-limits.ts";
import { bytesOf } from "../support/damaged-copies.ts";
import { sameValue } from "../support/same-value.ts";

// The parser of schemas is ours, and avsc is what it is compared with.

const runs = Number(process.env.PERSISTABLE_FUZZ_RUNS ?? 30);

const parseByAvsc = (schema: AvroSchema): avsc.Type => avsc.Type.forSchema(schema as avsc.Schema);

async function readByAvsc(bytes: Uint8Array): Promise<unknown[]> {
  const decoder = new avsc.streams.BlockDecoder();
  const values: unknown[] = [];
  for await (const value of Readable.from([Buffer.from(bytes)]).pipe(decoder)) values.push(value);
  return values;
}

async function writeByAvsc(schema: AvroSchema, values: readonly unknown[], codec: string): Promise<Uint8Array> {
  const encoder = new avsc.streams.BlockEncoder(parseByAvsc(schema), { codec });
  const chunks: Uint8Array[] = [];
  encoder.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  for (const value of values) encoder.write(value);
  await new Promise((resolve) => encoder.on("end", resolve).end());
  return new Uint8Array(Buffer.concat(chunks));
}

/** The value that avsc decoded as Buffers and classes of its own, as plain objects. */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value as Uint8Array);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

/** The same value with Buffers, which avsc writes, instead of Uint8Arrays. */
function buffers<Value>(value: Value): Value;
function buffers(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (Array.isArray(value)) return value.map(buffers);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, buffers(inner)]));
}

const scalars: readonly AvroSchema[] = [
  ...["null", "boolean", "int", "long", "float", "double", "bytes", "string"],
  { type: "int", logicalType: "date" },
  { type: "long", logicalType: "unheard-of", doc: "an annotation" },
  { type: "bytes", logicalType: "decimal", precision: 4, scale: 2 },
];

/**
 * Makes schemas of every kind, whose names are all different, and that refer to what they defined.
 */
class SchemaMaker {
  readonly #draw: fc.GeneratorValue;
  readonly #defined: string[] = [];
  #count = 0;

  constructor(draw: fc.GeneratorValue) {
    this.#draw = draw;
  }

  make(depth: number, namespace = ""): AvroSchema {
    switch (
      this.#pick(depth > 0 ? ["scalar", "fixed", "enum", "array", "map", "union", "record", "name"] : ["scalar"])
    ) {
      case "fixed":
        return { type: "fixed", ...this.#defineNow(namespace), size: this.#draw(fc.nat, { max: 9 }) };
      case "enum":
        return { type: "enum", ...this.#defineNow(namespace), symbols: ["A", "B_1", "_c"], default: "A" };
      case "array":
        return { type: "array", items: this.make(depth - 1, namespace) };
      case "map":
        return { type: "map", values: this.make(depth - 1, namespace) };
      case "union":
        return ["null", { type: "array", items: this.make(depth - 1, namespace) }, "string"];
      case "record":
        return this.makeRecord(depth, namespace);
      case "name":
        return this.#defined.length === 0 ? "int" : this.#refer(this.#pick(this.#defined), namespace);
      default:
        return this.#pick(scalars);
    }
  }

  makeRecord(depth: number, outer = ""): AvroSchema {
    const { names, full, namespace } = this.#define(outer);
    const fields = Array.from({ length: this.#draw(fc.nat, { max: 4 }) }, (_, i) => ({
      name: `f${i}`,
      type: this.make(depth - 1, namespace),
      ...(this.#draw(fc.boolean) ? { doc: "a note", aliases: ["old"] } : {}),
    }));
    // Its own fields refer to it through a union only: otherwise no value of it would ever end.
    this.#defined.push(full);
    const self = { name: "self", type: ["null", this.#refer(full, namespace)], default: null };
    return { type: "record", ...names, aliases: ["Former"], fields: [...fields, self] };
  }

  #defineNow(namespace: string): object {
    const { names, full } = this.#define(namespace);
    this.#defined.push(full);
    return names;
  }

  /** The names of a definition, in each of the ways that there are to say them. */
  #define(outer: string): { names: object; full: string; namespace: string } {
    this.#count += 1;
    const name = `T${this.#count}`;
    // Each has a namespace: avsc loses, in the files that it writes, that one has none inside of
    // one that has.
    const given = this.#pick(outer === "" ? ["a", "a.b"] : [undefined, "a", "a.b"]);
    const namespace = given ?? outer;
    const full = `${namespace}.${name}`;
    if (given === undefined) return { names: { name }, full, namespace };
    return { names: this.#draw(fc.boolean) ? { name: full } : { name, namespace }, full, namespace };
  }

  #refer(full: string, namespace: string): string {
    const [, inner] = full.match(/([^.]+)$/) ?? [];
    return full === `${namespace}.${inner}` ? (inner ?? full) : full;
  }

  #pick<Value>(values: readonly Value[]): Value {
    return this.#draw(fc.constantFrom, ...values) as Value;
  }
}

/**
 * A value that a type holds, of such longs as avsc takes for numbers; it gets short after some
 * parts.
 */
function makeValue(draw: fc.GeneratorValue, type: AvroType, made = { parts: 0 }): unknown {
  made.parts += 1;
  const isLong = made.parts > 40;
  switch (type.kind) {
    case "null":
      return null;
    case "boolean":
      return draw(fc.boolean);
    case "int":
      return draw(fc.integer);
    case "long":
      return draw(fc.integer, { min: -(2 ** 50), max: 2 ** 50 });
    case "float":
      return draw(fc.float);
    case "double":
      return draw(fc.double);
    case "string":
      return draw(fc.string, { unit: "grapheme", maxLength: 8 });
    case "bytes":
      return draw(fc.uint8Array, { maxLength: 8 });
    case "fixed":
      return draw(fc.uint8Array, { minLength: type.sizeBytes, maxLength: type.sizeBytes });
    case "enum":
      return draw(fc.constantFrom, ...type.symbols);
    case "array":
      return Array.from({ length: draw(fc.nat, { max: isLong ? 0 : 3 }) }, () => makeValue(draw, type.items, made));
    case "map":
      return Object.fromEntries((isLong ? [] : ["", "a", "é"]).map((key) => [key, makeValue(draw, type.values, made)]));
    case "record":
      return Object.fromEntries(type.fields.map((field) => [field.name, makeValue(draw, field.type, made)]));
    case "union": {
      const branch = type.branches[isLong ? 0 : draw(fc.nat, { max: type.branches.length - 1 })];
      return branch === undefined ? null : makeValue(draw, branch, made);
    }
  }
}

describe("files go both ways between avsc and us", () => {
  test("of any schema and any values", async () => {
    await fc.assert(
      fc.asyncProperty(fc.gen(), fc.constantFrom("null", "deflate"), async (draw, codec) => {
        // Streams of objects, as avsc has them, hold no nulls.
        const schema = new SchemaMaker(draw).makeRecord(4);
        const type = parseAvroSchema(JSON.parse(JSON.stringify(schema)));
        const values = [makeValue(draw, type), makeValue(draw, type)];
        const format = avro({ schema, codec });
        await format.check(values);
        const ours = await bytesOf(format, values);
        expect(sameValue(plain(await readByAvsc(ours)), values)).toBe(true);
        const theirs = await writeByAvsc(schema, buffers(values), codec);
        expect(sameValue(await format.decode(theirs, defaultDecodeLimits), values)).toBe(true);
      }),
      { numRuns: runs },
    );
  });

  test("and they agree about which schemas are the same", () => {
    const alike = { same: 0, different: 0 };
    const changes: readonly ((text: string) => string)[] = [
      (text) => text,
      (text) => text.replaceAll(/"doc":"[^"]*"/g, '"doc":"other"').replaceAll('"aliases":["old"]', '"order":"ignore"'),
      (text) => text.replaceAll(/,"logicalType":"[^"]*"/g, ""),
      (text) => text.replaceAll('{"type":"int"}', '"int"'),
      (text) => text.replace('"a.b', '"a.c'),
      (text) => text.replace("T1", "U1"),
      (text) => text.replace('"f1"', '"g1"'),
      (text) => text.replace('"B_1"', '"B_2"'),
      (text) => text.replace('"double"', '"float"'),
      (text) => text.replace(/"size":\d/, '"size":10'),
    ];
    fc.assert(
      fc.property(fc.gen(), fc.constantFrom(...changes), (draw, change) => {
        const text = JSON.stringify(new SchemaMaker(draw).make(4));
        const [one, two]: AvroSchema[] = [JSON.parse(text), JSON.parse(change(text))];
        if (one === undefined || two === undefined) return;
        let theirs: boolean;
        try {
          theirs = parseByAvsc(one).equals(parseByAvsc(two));
        } catch {
          // The change has cut a reference off from its definition.
          expect(() => parseAvroSchema(two)).toThrow(AvroSchemaError);
          return;
        }
        expect(canonicalSchema(parseAvroSchema(one)) === canonicalSchema(parseAvroSchema(two))).toBe(theirs);
        alike[theirs ? "same" : "different"] += 1;
      }),
      { numRuns: runs * 5 },
    );
    expect(Math.min(alike.same, alike.different)).toBeGreaterThan(runs / 4);
  });
});

describe("a schema is refused with the place in it", () => {
  const record = (...fields: unknown[]) => ({ type: "record", name: "R", fields });
  const field = (type: unknown, more = {}) => record({ name: "f", type, ...more });
  const fixed = { type: "fixed", name: "F", size: 2 };

  test.each<[problem: RegExp, schema: unknown]>([
    [/^schema is missing, or is not a name/, null],
    [/^schema\.type is missing/, {}],
    [/^schema\.type is "strin", which is not a type/, { type: "strin" }],
    [/^schema\.items is missing/, { type: "array" }],
    [/^schema\.values is "Other", which is not a type/, { type: "map", values: "Other" }],
    [/^schema is a union without branches/, []],
    [/^schema has a union as branch 1/, ["null", ["int"]]],
    [/^schema has two branches that are int/, ["int", { type: "int", logicalType: "date" }]],
    [/^schema has two branches that are array/, [0, 1].map(() => ({ type: "array", items: "int" }))],
    [/^schema has two branches that are F,/, [fixed, "F"]],
    [/^schema\[1\] defines F, which was defined before/, [fixed, fixed]],
    [/^schema\.name is "int", the name of a primitive/, { ...fixed, name: "int" }],
    [/^schema\.name is "a\.1", which is not a name/, { ...fixed, name: "a.1" }],
    [/^schema\.namespace is "a-b"/, { ...fixed, namespace: "a-b" }],
    [/^schema\.aliases is not a list of names/, { ...fixed, aliases: ["a b"] }],
    [/^schema\.size is -1/, { ...fixed, size: -1 }],
    [/^schema\.symbols is not a list of names/, { type: "enum", name: "E", symbols: [] }],
    [/^schema\.symbols is not a list of names/, { type: "enum", name: "E", symbols: ["a b"] }],
    [/^schema\.symbols has one symbol twice/, { type: "enum", name: "E", symbols: ["a", "a"] }],
    [/^schema\.default is "b"/, { type: "enum", name: "E", symbols: ["a"], default: "b" }],
    [/^schema\.fields\[0\]\.type\.items is "Other"/, field({ type: "array", items: "Other" })],
    [/^schema\.fields\[0\]\.name is "1"/, record({ name: "1", type: "int" })],
    [/^schema\.fields\[0\] is not an object/, record("f")],
    [/^schema\.fields\[1\] has the name f,/, record({ name: "f", type: "int" }, { name: "f", type: "int" })],
    [/^schema\.fields\[0\]\.default is "x", which is not a whole number/, field("int", { default: "x" })],
    [/^schema\.fields\[0\]\.default is \{\}, which is not null/, field("null", { default: {} })],
    [
      /default is \[1,true\], which holds a value that is not a number/,
      field({ type: "array", items: "double" }, { default: [1, true] }),
    ],
    [/default is "abc", which is not 2 bytes/, field(fixed, { default: "abc" })],
  ])("%s", (problem, schema) => {
    expect(() => parseAvroSchema(schema)).toThrow(problem);
    expect(() => parseByAvsc(schema as AvroSchema)).toThrow();
  });

  test("but not for what the specification says to ignore or to allow", () => {
    const odd = {
      ...field({ type: "bytes", logicalType: "decimal", precision: -1 }, { order: "ignore", default: "\u00ff" }),
      ...{ doc: 1, unknown: {}, namespace: "" },
    };
    expect(canonicalSchema(parseAvroSchema(odd))).toBe("record R{f:bytes}");
    const free = { type: "record", name: "a.R", fields: [{ name: "f", type: { ...fixed, namespace: "" } }] };
    expect(canonicalSchema(parseAvroSchema(free))).toBe("record a.R{f:fixed F(2)}");
    // Since 1.12 a default may be of any branch.
    expect(() => parseAvroSchema(field(["null", "int"], { default: 3 }))).not.toThrow();
  });
});

test("a schema that could not be read back from the file is not written", async () => {
  let deep: AvroSchema = "int";
  for (let i = 0; i < 250; i++) deep = { type: "array", items: deep };
  await expect(async () => avro({ schema: deep }).check([])).rejects.toThrow(/nested more than 200 levels/);
  const large = { type: "string", doc: "x".repeat(2 ** 20) };
  await expect(async () => avro({ schema: large }).check([])).rejects.toThrow(/larger than 1 MiB/);
});
