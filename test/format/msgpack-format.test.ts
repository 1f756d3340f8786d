import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { addExtension, Packr } from "msgpackr";
import { describe, expect, it, test } from "vitest";
import { formatConformance } from "../../src/entry/testing.ts";
import { DecodeError, DecodeLimitError } from "../../src/errors/format-errors.ts";
import { defaultDecodeLimits, resolveDecodeLimits } from "../../src/format/decode-limits.ts";
import { msgpack } from "../../src/format/msgpack/msgpack-format.ts";
import { bytesOf, expectHarmless, reload } from "../support/damaged-copies.ts";
import { runInPlainNode, runWithoutPeers, runWithPackages } from "../support/plain-node.ts";
import { sameValue } from "../support/same-value.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const mutations = Number(process.env.PERSISTABLE_MUTATIONS ?? 40);
const runs = Number(process.env.PERSISTABLE_FUZZ_RUNS ?? 150);
const format = msgpack();

const cycle: { self?: unknown } = {};
cycle.self = [cycle];
const shared = { a: 1 };
const own = (key: string): unknown => JSON.parse(`{"${key}": {"polluted": 1}, "a": 2}`);

formatConformance(
  { describe, it },
  {
    name: "msgpack",
    create: msgpack,
    holds: [
      null,
      true,
      "",
      "añ😀\0\u2028",
      [
        0,
        1,
        -1,
        127,
        128,
        255,
        256,
        65_535,
        65_536,
        2 ** 32 - 1,
        2 ** 32,
        -32,
        -33,
        -128,
        -129,
        -32_769,
        -(2 ** 31) - 1,
      ],
      [1.1, 2 ** 53, Number.MAX_VALUE, 5e-324, Number.NaN, Number.NEGATIVE_INFINITY],
      [0n, 1n, -1n, 2n ** 63n, 2n ** 64n - 1n, -(2n ** 63n)],
      [new Date(0), new Date(1), new Date(-1), new Date(1.7e12 + 1), new Date(8.64e15), new Date(-8.64e15)],
      [new Uint8Array(0), Uint8Array.of(1, 2), new Uint8Array(300), new Uint8Array(70_000)],
      { constructor: "x", toJSON: 1, hasOwnProperty: 2, toString: null, "": [], "1": {} },
      Array.from({ length: 70_000 }, (_, i) => i),
      Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`k${i}`, i])),
      ["a".repeat(31), "a".repeat(32), "é".repeat(200), "😀".repeat(20_000)],
    ],
    refuses: [
      undefined,
      [undefined],
      { a: undefined },
      -0,
      2n ** 64n,
      -(2n ** 63n) - 1n,
      () => 1,
      Symbol("x"),
      { [Symbol("x")]: 1 },
      new Map([["a", 1]]),
      new Set(),
      /x/,
      new Error("x"),
      new URL("https://example.com"),
      new (class Point {})(),
      new (class extends Array {})(),
      new (class extends Date {})(),
      Object.create(null),
      Object.create(Date.prototype),
      new Number(1),
      new Proxy({}, {}),
      Promise.resolve(1),
      new Date(Number.NaN),
      Object.assign(new Date(0), { zone: "x" }),
      Buffer.from("abc"),
      Float64Array.of(1),
      new ArrayBuffer(4),
      new DataView(new ArrayBuffer(4)),
      new Uint8Array(new SharedArrayBuffer(4)),
      Object.assign(Uint8Array.of(1), { unit: "m" }),
      // biome-ignore lint/suspicious/noSparseArray: holes are what is meant
      [1, , 3],
      Object.assign([1], { unit: "m" }),
      "a\ud800",
      { "\udc00": 1 },
      "\ufeffa",
      { "\ufeffa": 1 },
      own("__proto__"),
      cycle,
      [shared, { shared }],
      { get: { get a() { return 1; } } }, // biome-ignore format: one line says it
      { set: { set a(_: number) {} } }, // biome-ignore format: one line says it
      Object.defineProperty({}, "a", { value: 1 }),
    ],
  },
);

describe("what was written comes back", () => {
  const leaf = fc.oneof(
    fc.constantFrom(null, true, false),
    fc.double().map((value) => value + 0),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
    fc.string({ unit: "binary", maxLength: 90 }).filter((text) => text.isWellFormed() && !text.startsWith("\ufeff")),
    fc.integer({ min: -8.64e15, max: 8.64e15 }).map((time) => new Date(time)),
    fc.uint8Array({ maxLength: 40 }),
  );
  const key = fc
    .string({ unit: "grapheme", maxLength: 40 })
    .filter((text) => text !== "__proto__" && text[0] !== "\ufeff");
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      leaf,
      fc.array(tie("tree"), { maxLength: 20 }),
      fc.dictionary(key, tie("tree"), { maxKeys: 20, noNullPrototype: true }),
    ),
  }));

  test("in value, type and order of keys", async () => {
    await fc.assert(
      fc.asyncProperty(tree, async (payload) => {
        expect(sameValue(await reload(format, payload), payload)).toBe(true);
      }),
      { numRuns: runs },
    );
  });

  test("nested a thousand levels deep, and no deeper", async () => {
    const nest = (levels: number): unknown => {
      let deep: unknown = 1;
      for (let i = 0; i < levels; i++) deep = i % 2 === 0 ? [deep] : { deep };
      return deep;
    };
    expect(sameValue(await reload(format, nest(1000)), nest(1000))).toBe(true);
    expect(() => format.check(nest(1001))).toThrow(/nested more than 1000 levels deep/);
  });

  test("when several payloads are written before any is read", async () => {
    const payloads = Array.from({ length: 50 }, (_, i) => ({ i, text: "x".repeat(i * 400) }));
    const written = await Promise.all(payloads.map((payload) => format.encode(payload)));
    const loaded = written.map((chunks) => format.decode(new Uint8Array(Buffer.concat(chunks)), defaultDecodeLimits));
    expect(await Promise.all(loaded)).toEqual(payloads);
  });

  test("as views of the bytes, and as Uint8Arrays also when these lay in a Buffer", async () => {
    const bytes = Buffer.from(await bytesOf(format, { raw: Uint8Array.of(1, 2) }));
    const { raw } = await format.decode<{ raw: Uint8Array }>(bytes, defaultDecodeLimits);
    expect(Object.getPrototypeOf(raw)).toBe(Uint8Array.prototype);
    expect(raw.buffer).toBe(bytes.buffer);
  });
});

test("a refusal names the path, and a format that could", () => {
  expect(() => format.check({ rows: [{ tags: new Set() }] })).toThrow(
    /payload\.rows\[0\]\.tags is an instance of Set, which the format msgpack cannot hold.*structured\(\)/,
  );
  expect(() => format.check(cycle)).toThrow(/payload\.self\[0\] refers back/);
  expect(() => format.check([shared, { shared }])).toThrow(
    /payload\[1\]\.shared is an object that also stands elsewhere/,
  );
  expect(() => format.check({ a: own("__proto__") })).toThrow(/payload\.a has the key __proto__/);
});

describe("bytes that others wrote", () => {
  const decode = (...bytes: number[]) => format.decode(Uint8Array.from(bytes), defaultDecodeLimits);

  test("are read where they are plain", async () => {
    expect(await decode(0xca, 0x3f, 0xc0, 0, 0)).toBe(1.5);
    expect(await decode(0xcf, 0, 0, 0, 0, 0, 0, 0, 5)).toBe(5n);
    expect(await decode(0xd7, 0xff, 0, 0, 0, 0, 0, 0, 0, 1)).toEqual(new Date(1000));
    expect(await decode(0xdf, 0, 0, 0, 1, 0xdb, 0, 0, 0, 1, 0x61, 0xde, 0, 0)).toEqual({ a: {} });
  });

  test.each<[string, number[], RegExp]>([
    ["nothing", [], /cut off/],
    ["a list that claims four billion elements", [0xdd, 0xff, 0xff, 0xff, 0xff], /cut off/],
    ["a map that claims four billion entries", [0xdf, 0xff, 0xff, 0xff, 0xff], /cut off/],
    ["a text that claims four billion bytes", [0xdb, 0xff, 0xff, 0xff, 0xff], /cut off/],
    ["binary that claims four billion bytes", [0xc6, 0xff, 0xff, 0xff, 0xff], /cut off/],
    ["an extension that claims four billion bytes", [0xc9, 0xff, 0xff, 0xff, 0xff, 0xff], /cut off/],
    ["a second value", [1, 2], /more bytes follow/],
    ["the byte that is never used", [0xc1], /0xc1/],
    ["a key that is a number", [0x81, 1, 2], /not text/],
    ["the key __proto__", [0x81, 0xa9, ...Buffer.from("__proto__"), 0x80], /__proto__/],
    ["a text that is not UTF-8", [0xa2, 0xc3, 0x28], /not UTF-8/],
    ["a lone surrogate", [0xa3, 0xed, 0xa0, 0x80], /not UTF-8/],
    ["a long text that begins with a byte order mark", [0xd9, 70, 0xef, 0xbb, 0xbf, ...new Array(67).fill(97)], /mark/],
    ["undefined, as msgpackr has it", [0xd4, 0, 0], /extension of type 0/],
    ["records, as msgpackr has them", [0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 1], /extension of type 114/],
    ["an error", [0xd4, 0x65, 0, 0x92, 0xa1, 0x61, 0xa1, 0x62], /extension of type 101/],
    ["an invalid date", [0xd4, 0xff, 0xff], /timestamp/],
    ["a timestamp that no Date reaches", [0xc7, 12, 0xff, 0, 0, 0, 0, 0x7f, 0, 0, 0, 0, 0, 0, 0], /not a valid date/],
    [
      "a timestamp of more nanoseconds than a second has",
      [0xd7, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0],
      /not a valid date/,
    ],
  ])("%s is refused", async (_what, bytes, problem) => {
    const error: unknown = await Promise.resolve(decode(...bytes)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DecodeError);
    expect((error as Error).message).toMatch(problem);
  });

  test("and damaged ones do no harm", async () => {
    const samples = await Promise.all([
      bytesOf(format, { a: [1, -1, 1.5, 2n, "text", "é".repeat(40)], b: { c: null, d: [true, new Date(1.7e12 + 5)] } }),
      bytesOf(format, [Uint8Array.of(1, 2, 3), new Date(-5), { e: [[[[]]]], f: "x".repeat(300) }]),
      Promise.resolve(
        new Uint8Array(
          new Packr({ moreTypes: true, structuredClone: true }).pack([
            { a: 1 },
            { a: /x/ },
            cycle,
            new Set([Float64Array.of(1)]),
            new Error("x"),
          ]),
        ),
      ),
    ]);
    await expectHarmless(samples, mutations, (bytes, limits) => format.decode(bytes, limits));
  });
});

test("limits end the decoding", async () => {
  const bytes = await bytesOf(format, [[[1, 2, 3]]]);
  const decode = (limits: object) => async () => format.decode(bytes, resolveDecodeLimits(limits));
  await expect(decode({ maxDepth: 2 })).rejects.toThrow(/limits\.maxDepth = 2/);
  await expect(decode({ maxNodes: 5 })).rejects.toThrow(/limits\.maxNodes = 5/);
  await expect(decode({ maxBytes: bytes.length - 1 })).rejects.toThrow(DecodeLimitError);
  expect(await decode({ maxDepth: 3, maxNodes: 6, maxBytes: bytes.length })()).toEqual([[[1, 2, 3]]]);
});

const hasPython = ((): boolean => {
  try {
    execFileSync("/usr/bin/python3", ["-c", "import msgpack"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(!hasPython && process.env.CI !== "true")("Python (Debian: apt-get install python3-msgpack)", () => {
  test("reads what we wrote, and we read what it wrote", async () => {
    await using folder = await temporaryFolder();
    const payload = {
      n: [1, -5, 1.5, 2 ** 40, 2n ** 63n],
      text: "añ😀",
      raw: Uint8Array.of(0, 255),
      at: new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678)),
      none: null,
      yes: true,
    };
    writeFileSync(folder.join("ours.msgpack"), await bytesOf(format, payload));
    const script = `import msgpack, sys
read = msgpack.unpackb(open(sys.argv[1] + '/ours.msgpack', 'rb').read(), timestamp=3)
print(read)
sys.stdout.flush()
open(sys.argv[1] + '/theirs.msgpack', 'wb').write(msgpack.packb(read, datetime=True))`;
    const printed = execFileSync("/usr/bin/python3", ["-c", script, folder.path], { encoding: "utf8" });
    expect(printed.trim()).toBe(
      "{'n': [1, -5, 1.5, 1099511627776.0, 9223372036854775808], 'text': 'añ😀', 'raw': b'\\x00\\xff', 'at': datetime.datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=datetime.timezone.utc), 'none': None, 'yes': True}",
    );
    const theirs = new Uint8Array(readFileSync(folder.join("theirs.msgpack")));
    expect(await format.decode(theirs, defaultDecodeLimits)).toEqual(payload);
  });
});

test("extensions that the program gave msgpackr for classes of its own change nothing", async () => {
  class Point {
    x = 1;
  }
  addExtension({ Class: Point, type: 1, pack: () => Buffer.of(1), unpack: () => new Point() });
  expect(() => format.check([new Point()])).toThrow(/instance of Point/);
  const written = new Uint8Array(new Packr({ useRecords: false }).pack([new Point()]));
  await expect(async () => format.decode(written, defaultDecodeLimits)).rejects.toThrow(/extension of type 1/);
});

test("works in Node as it is, without a bundler or a test runner between", async () => {
  const told = await runInPlainNode(
    "src/entry/formats/msgpack.ts",
    `const format = library.msgpack();
     const payload = { a: [1, "x"] };
     await format.check(payload);
     const bytes = new Uint8Array(Buffer.concat(await format.encode(payload)));
     console.log(JSON.stringify(await format.decode(bytes, { maxBytes: 1e9, maxDepth: 1000, maxNodes: 1e6, maxRatio: 1000 })));`,
  );
  expect(told).toEqual(['{"a":[1,"x"]}']);
});

test("a peer that is installed and fails while it loads is not called absent", async () => {
  const told = await runWithPackages(
    "src/util/peers/peers.ts",
    {
      msgpackr: `throw new Error("msgpackr was built for another platform");`,
      hyparquet: `import "a-package-that-hyparquet-needs";`,
      "apache-arrow": null,
    },
    `for (const load of [library.loadMessagePack, library.loadParquetReader, library.loadArrow, library.loadAge])
       await load().catch((error) => console.log(error.name, error.code, error.message.split(" imported from")[0]));`,
  );
  expect(told).toEqual([
    "Error undefined msgpackr was built for another platform",
    "Error ERR_MODULE_NOT_FOUND Cannot find package 'a-package-that-hyparquet-needs'",
    expect.stringMatching(/^Error ERR_MODULE_NOT_FOUND Cannot find (package|module) '.*apache-arrow.*'$/),
    "MissingPeerError PERSISTABLE_MISSING_PEER Encryption needs age-encryption, which is not installed: npm install age-encryption",
  ]);
});

test("without msgpackr, what to install is said when it is first used", async () => {
  const told = await runWithoutPeers(
    "src/entry/formats/msgpack.ts",
    `const tell = (error) => console.log(error instanceof library.MissingPeerError, error.message);
     const format = library.msgpack();
     format.check({ a: 1 });
     await format.encode({ a: 1 }).catch(tell);
     await format.decode(new Uint8Array(3), { maxBytes: 9, maxDepth: 9, maxNodes: 9, maxRatio: 9 }).catch(tell);`,
  );
  expect(told).toEqual(
    new Array(2).fill("true MessagePack needs msgpackr, which is not installed: npm install msgpackr"),
  );
});
