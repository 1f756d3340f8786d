import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { formatConformance } from "../../src/entry/testing.ts";
import { DecodeError, DecodeLimitError } from "../../src/errors/format-errors.ts";
import { DefinitionError } from "../../src/errors/persistable-errors.ts";
import { type AvroOptions, type AvroSchema, avro } from "../../src/format/avro/avro-format.ts";
import { defaultDecodeLimits, resolveDecodeLimits } from "../../src/format/decode-limits.ts";
import { bytesOf, expectHarmless, reload } from "../support/damaged-copies.ts";
import { runWithoutPeers } from "../support/plain-node.ts";
import { sameValue } from "../support/same-value.ts";

const mutations = Number(process.env.PERSISTABLE_MUTATIONS ?? 40);
const runs = Number(process.env.PERSISTABLE_FUZZ_RUNS ?? 30);

const schema: AvroSchema = {
  type: "record",
  name: "Every",
  namespace: "persistable.test",
  fields: [
    { name: "none", type: "null" },
    { name: "yes", type: "boolean" },
    { name: "small", type: "int" },
    { name: "large", type: "long" },
    { name: "single", type: "float" },
    { name: "double", type: "double" },
    { name: "text", type: "string", doc: "any text" },
    { name: "raw", type: "bytes" },
    { name: "hash", type: { type: "fixed", name: "Hash", size: 4 } },
    { name: "suit", type: { type: "enum", name: "Suit", symbols: ["SPADES", "HEARTS"] } },
    { name: "list", type: { type: "array", items: ["null", "int", "double", "string"] } },
    { name: "map", type: { type: "map", values: "string" } },
    { name: "at", type: { type: "long", logicalType: "timestamp-millis" } },
    { name: "next", type: ["null", "Every"] },
  ],
};
const every = {
  none: null,
  yes: true,
  small: -5,
  large: 2 ** 50,
  single: 1.5,
  double: -0,
  text: "añ😀\0",
  raw: Uint8Array.of(1, 2),
  hash: Uint8Array.of(1, 2, 3, 4),
  suit: "HEARTS",
  list: [null, 1, 1.5, -0, "x"],
  map: { a: "b", "": "", constructor: "c" },
  at: 1_700_000_000_000,
  next: null,
};
const nested = { ...every, large: 2 ** 53 - 1, next: { ...every, large: -(2 ** 53) + 1, list: [], map: {} } };

/** Whether one value of this type is held. */
const one = (type: AvroSchema): AvroOptions => ({
  schema: { type: "record", name: "One", fields: [{ name: "v", type }] },
});

for (const codec of ["null", "deflate"] as const)
  formatConformance(
    { describe, it },
    {
      name: `avro, codec ${codec}`,
      create: () => avro({ schema, codec }),
      holds: [[], [every], [every, nested], Array.from({ length: 3000 }, (_, i) => ({ ...every, small: i }))],
      refuses: [
        null,
        every,
        new Set([every]),
        [null],
        [{ ...every, extra: 1 }],
        [{ ...every, small: undefined }],
        [{ ...every, small: 1.5 }],
        [{ ...every, small: -0 }],
        [{ ...every, small: 2 ** 31 }],
        [{ ...every, large: 2 ** 53 }],
        [{ ...every, large: 1n }],
        [{ ...every, single: 0.1 }],
        [{ ...every, double: "1" }],
        [{ ...every, text: "\ud800" }],
        [{ ...every, raw: Buffer.from("x") }],
        [{ ...every, raw: Float32Array.of(1) }],
        [{ ...every, hash: Uint8Array.of(1) }],
        [{ ...every, suit: "CLUBS" }],
        [{ ...every, list: [true] }],
        [{ ...every, map: new Map() }],
        [{ ...every, map: JSON.parse('{"__proto__": "x"}') }],
        [{ ...every, next: { small: 1 } }],
        [new (class Every {})()],
        [Object.assign(Object.create(null), every)],
        [new Proxy(every, {})],
        // biome-ignore lint/suspicious/noSparseArray: holes are what is meant
        [every, , every],
      ],
    },
  );
formatConformance(
  { describe, it },
  {
    name: 'avro({ longs: "bigint" })',
    create: () => avro({ ...one("long"), longs: "bigint" }),
    holds: [[0n, 1n, -1n, 2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)].map((v) => ({ v }))],
    refuses: [[{ v: 1 }], [{ v: 2n ** 63n }]],
  },
);

describe("what was written comes back", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 20 });
  const leaf = {
    none: fc.constant(null),
    yes: fc.boolean(),
    small: fc.integer(),
    large: fc.maxSafeInteger(),
    single: fc.float(),
    double: fc.double(),
    text,
    raw: fc.uint8Array({ maxLength: 20 }),
    hash: fc.uint8Array({ minLength: 4, maxLength: 4 }),
    suit: fc.constantFrom("SPADES", "HEARTS"),
    list: fc.array(fc.oneof(fc.constant(null), fc.integer(), fc.double(), text)),
    map: fc.dictionary(
      text.filter((key) => key !== "__proto__"),
      text,
      { noNullPrototype: true },
    ),
    at: fc.maxSafeInteger(),
  };
  const { record } = fc.letrec((tie) => ({
    record: fc.record({ ...leaf, next: fc.option(tie("record"), { maxDepth: 3 }) }, { noNullPrototype: true }),
  }));

  test.each(["null", "deflate"] as const)("of every type, codec %s", async (codec) => {
    const format = avro({ schema, codec });
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 8 }), async (payload) => {
        expect(sameValue(await reload(format, payload), payload)).toBe(true);
      }),
      { numRuns: runs },
    );
  });

  test.each<[string, AvroSchema, unknown[]]>([
    ["numbers that only one branch holds", ["int", "long", "float", "double"], [1, 2 ** 40, 0.5, 0.1, -0, Number.NaN]],
    ["text and symbols", [{ type: "enum", name: "E", symbols: ["A"] }, "string"], ["A", "B"]],
    [
      "records that only their values tell apart",
      [
        { type: "record", name: "A", fields: [{ name: "x", type: "int" }] },
        { type: "record", name: "B", fields: [{ name: "x", type: "string" }] },
        { type: "map", values: "boolean" },
      ],
      [{ x: 1 }, { x: "1" }, { x: true }, {}],
    ],
  ])("of unions: %s", async (_what, type, values) => {
    const payload = values.map((v) => ({ v }));
    expect(sameValue(await reload(avro(one(type)), payload), payload)).toBe(true);
  });

  test("nested a thousand levels deep, and no deeper", async () => {
    const list: AvroSchema = { type: "record", name: "Node", fields: [{ name: "next", type: ["null", "Node"] }] };
    const nest = (levels: number): unknown => {
      let node: unknown = null;
      for (let i = 0; i < levels; i++) node = { next: node };
      return [node];
    };
    expect(sameValue(await reload(avro({ schema: list }), nest(1000)), nest(1000))).toBe(true);
    await expect(avro({ schema: list }).check(nest(1002) as unknown[])).rejects.toThrow(/nested more than 1000/);
  });
});

test("a refusal names the path of the first value that does not fit", async () => {
  const check = (payload: unknown) => avro({ schema }).check(payload as unknown[]);
  await expect(check([every, { ...every, list: [1, { a: 1 }] }])).rejects.toThrow(
    /payload\[1\]\.list\[1\] fits none of null, int, double, string/,
  );
  await expect(check([{ ...every, next: { ...every, suit: "CLUBS" } }])).rejects.toThrow(
    /payload\[0\]\.next\.suit is none of SPADES, HEARTS/,
  );
  await expect(check([{ ...every, large: 1n }])).rejects.toThrow(/payload\[0\]\.large .*longs: "bigint"/);
  const { text: _text, ...without } = every;
  await expect(check([without])).rejects.toThrow(/payload\[0\] lacks the field text of persistable\.test\.Every/);
});

describe("the schema", () => {
  test("is in the id, without its comments and the order of its attributes", () => {
    const { id } = avro(one("int"));
    expect(id).toMatch(/^avro\(schema=[0-9a-f]{16}\)$/);
    expect(avro({ schema: { fields: [{ doc: "x", type: "int", name: "v" }], name: "One", type: "record" } }).id).toBe(
      id,
    );
    expect(avro(one("long")).id).not.toBe(id);
    expect(avro({ ...one("int"), longs: "bigint" }).id).not.toBe(id);
  });

  test.each<[string, AvroSchema, RegExp]>([
    ["an unknown type", "strin", /schema is "strin", which is not a type/],
    ["a record without fields", { type: "record", name: "A" }, /schema\.fields is not a list/],
    ["a field __proto__", { type: "record", name: "A", fields: [{ name: "__proto__", type: "int" }] }, /__proto__/],
  ])("%s is refused", async (_what, wrong, problem) => {
    const error: unknown = await (async () => avro({ schema: wrong }).check([]))().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DefinitionError);
    expect((error as Error).message).toMatch(problem);
  });

  test("must be the one that the file was written with", async () => {
    const bytes = await bytesOf(avro(one("int")), [{ v: 1 }]);
    await expect(avro(one("long")).decode(bytes, defaultDecodeLimits)).rejects.toThrow(/written with another schema/);
  });
});

describe("bytes that others wrote", () => {
  /** A file of one block, with any header. */
  const fileOf = async (type: AvroSchema, count: number[], content: number[]): Promise<Uint8Array> => {
    const head = await bytesOf(avro(one(type)), []);
    return Uint8Array.from([...head, ...count, content.length * 2, ...content, ...head.subarray(-16)]);
  };
  const refusal = async (type: AvroSchema, bytes: Uint8Array) => {
    const decoding = (async () => avro(one(type)).decode(bytes, defaultDecodeLimits))();
    const error: unknown = await decoding.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(Error);
    return error as Error;
  };
  /** 2^40 */
  const huge = [0x80, 0x80, 0x80, 0x80, 0x80, 0x40];
  const nulls: AvroSchema = { type: "array", items: "null" };

  test.each<[string, AvroSchema, number[], number[], new (...given: never) => Error]>([
    ["a block of a million million empty records", "null", huge, [], DecodeLimitError],
    ["a list of a million million nulls", nulls, [2], [...huge, 0], DecodeLimitError],
    ["the same, with the size of the block", nulls, [2], [0xff, 0xff, 0xff, 0xff, 0xff, 0x3f, 0, 0], DecodeLimitError],
    ["a list that claims more than it has", { type: "array", items: "int" }, [2], [0x80, 0x80, 0x08, 0], DecodeError],
    ["a text that claims more than it has", "string", [2], huge, DecodeError],
    ["a text of a negative size", "string", [2], [1], DecodeError],
    ["a text that is not UTF-8", "string", [2], [4, 0xc3, 0x28], DecodeError],
    ["a number that does not end", "long", [2], new Array(12).fill(0xff), DecodeError],
    [
      "a long that no number holds",
      "long",
      [2],
      [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
      DecodeError,
    ],
    ["an int of more than 32 bits", "int", [2], huge, DecodeError],
    ["a boolean that is neither", "boolean", [2], [2], DecodeError],
    ["a symbol that is not there", { type: "enum", name: "E", symbols: ["A"] }, [2], [2], DecodeError],
    ["a branch that is not there", ["null", "int"], [2], [8], DecodeError],
    ["the key __proto__", { type: "map", values: "int" }, [2], [2, 18, ...Buffer.from("__proto__"), 2, 0], DecodeError],
    ["bytes behind the last record", "int", [2], [2, 2], DecodeError],
  ])("%s is refused", async (_what, type, count, content, expected) => {
    expect(await refusal(type, await fileOf(type, count, content))).toBeInstanceOf(expected);
  });

  test("and damaged ones do no harm", async () => {
    const samples = await Promise.all([
      bytesOf(avro({ schema }), [every, nested]),
      bytesOf(avro({ schema, codec: "deflate" }), [nested, every]),
    ]);
    const format = avro({ schema });
    await expectHarmless(samples, mutations, (bytes, limits) => format.decode(bytes, limits));
    // The header is most of so small a file: this one is damaged behind it.
    const header = Buffer.from(samples[0] ?? []).length - Buffer.from(await bytesOf(avro({ schema }), [])).length;
    const start = (samples[0]?.length ?? 0) - header;
    await expectHarmless([samples[0]?.subarray(start) ?? new Uint8Array(1)], mutations, (bytes, limits) =>
      format.decode(Uint8Array.from([...(samples[0]?.subarray(0, start) ?? []), ...bytes]), limits),
    );
  });
});

test("limits end the decoding, and what they would not let back in is not written", async () => {
  const bytes = await bytesOf(avro(one({ type: "array", items: "int" })), [{ v: [1, 2, 3] }]);
  const decode = (limits: object) =>
    avro(one({ type: "array", items: "int" })).decode(bytes, resolveDecodeLimits(limits));
  await expect(decode({ maxDepth: 1 })).rejects.toThrow(/limits\.maxDepth = 1/);
  await expect(decode({ maxNodes: 7 })).rejects.toThrow(/limits\.maxNodes = 7/);
  await expect(decode({ maxBytes: 10 })).rejects.toThrow(/limits\.maxBytes = 10/);
  expect(await decode({ maxDepth: 2, maxNodes: 8 })).toEqual([{ v: [1, 2, 3] }]);

  const bomb = await bytesOf(avro({ ...one("bytes"), codec: "deflate" }), [{ v: new Uint8Array(2_000_000) }]);
  const expand = (limits: object) => avro(one("bytes")).decode(bomb, resolveDecodeLimits(limits));
  await expect(expand({ maxBytes: 1_000_000 })).rejects.toThrow(/limits\.maxBytes = 1000000/);
  await expect(avro({ ...one("bytes"), codec: "deflate" }).encode([{ v: new Uint8Array(70_000_000) }])).rejects.toThrow(
    /compresses more than 1000 to 1/,
  );
  const nulls = one({ type: "array", items: "null" });
  await expect(avro(nulls).encode([{ v: new Array(1_100_000).fill(null) }])).rejects.toThrow(/holds 1100005 values/);
});

test("works in Node as it is, without any other package", async () => {
  const told = await runWithoutPeers(
    "src/entry/formats/avro.ts",
    `const format = library.avro({ schema: ["null", "int"] });
     const payload = [1, null];
     await format.check(payload);
     const bytes = new Uint8Array(Buffer.concat(await format.encode(payload)));
     console.log(JSON.stringify(await format.decode(bytes, { maxBytes: 1e9, maxDepth: 1000, maxNodes: 1e6, maxRatio: 1000 })));`,
  );
  expect(told).toEqual(["[1,null]"]);
});
