import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  DecodeError,
  DecodeLimitError,
  NewerPayloadError,
  UnsupportedPayloadError,
} from "../../src/errors/format-errors.ts";
import { defaultDecodeLimits, resolveDecodeLimits } from "../../src/format/decode-limits.ts";
import { measureStructured } from "../../src/format/structured/measure-structured.ts";
import { structured } from "../../src/format/structured/structured-format.ts";
import { type ClassCodec, defineClass } from "../../src/util/class-codec.ts";
import { sameValue } from "../support/same-value.ts";

class Link {
  readonly next: unknown;
  constructor(next: unknown) {
    this.next = next;
  }
}
class Tags extends Set<string> {}
class Rows extends Array<number> {}
const codecs = [
  defineClass(Link, { encode: ({ next }) => next, decode: (next) => new Link(next) }),
  defineClass(Tags, { encode: (tags) => [...tags], decode: (tags) => new Tags(tags) }),
  defineClass(Rows, { encode: (rows) => [...rows], decode: (rows) => Rows.from(rows) as Rows }),
] as unknown as ClassCodec[];

async function write(payload: unknown): Promise<Uint8Array> {
  const format = structured({ classes: codecs });
  await format.check(payload);
  return new Uint8Array(Buffer.concat(await format.encode(payload)));
}

async function reload<Payload>(payload: Payload): Promise<Payload> {
  return structured({ classes: codecs }).decode<Payload>(await write(payload), defaultDecodeLimits);
}

function chain(length: number, wrap: (inner: unknown) => unknown): unknown {
  let inner: unknown = 1;
  for (let i = 0; i < length; i++) inner = wrap(inner);
  return inner;
}

/** Runs a function where hardly any stack is left: again and again, with a little more. */
function withLittleStack(use: () => unknown): unknown[] {
  const errors: unknown[] = [];
  let done = false;
  const dive = (): void => {
    try {
      dive();
    } catch {
      if (done) return;
      try {
        use();
        done = true;
      } catch (error) {
        errors.push(error);
        throw error;
      }
    }
  };
  dive();
  return errors;
}

describe("memory that the payload does not show", () => {
  test("stays out of the file, between views of one pool", async () => {
    const first = Buffer.from("first");
    const canary = Buffer.from("a canary in the same pool");
    const second = Buffer.from("second");
    expect(first.buffer).toBe(canary.buffer);
    const file = Buffer.from(await write({ first, second }));
    expect(file.includes("canary")).toBe(false);
    expect(await reload({ first, second })).toEqual({ first, second });
  });

  test("stays out of the file, between views with room between them", async () => {
    const bytes = new Uint8Array(96).fill(0xee);
    const payload = { a: new Float64Array(bytes.buffer, 8, 4), b: new Uint8Array(bytes.buffer, 45, 3) };
    const gap = new Uint8Array(bytes.buffer, 40, 5).fill(0x77);
    expect((await write(payload)).includes(0x77)).toBe(false);
    const loaded = await reload(payload);
    expect(loaded).toEqual(payload);
    expect(loaded.a.buffer).toBe(loaded.b.buffer);
    expect(gap[0]).toBe(0x77);
  });

  test("is not written for two small views at the ends of a large buffer", async () => {
    const large = new Float64Array(1_000_000);
    expect((await write([large.subarray(0, 1), large.subarray(-1)])).length).toBeLessThan(200);
  });

  test("does not change what equal payloads are written as", async () => {
    const write2 = () => write({ a: Buffer.from("a"), b: Buffer.from("b") });
    const once = await write2();
    Buffer.from("moves the pool on");
    expect(await write2()).toEqual(once);
  });
});

describe("views of one buffer share it again", () => {
  test.each([64, 100_000, 2_000_000])("with the buffer itself, of %i bytes, in either order", async (size) => {
    const buffer = new ArrayBuffer(size);
    const view = new Uint8Array(buffer, 8);
    for (const payload of [
      { view, buffer },
      { buffer, view },
    ]) {
      const loaded = await reload(payload);
      expect(loaded.view.buffer).toBe(loaded.buffer);
      expect(loaded.buffer.byteLength).toBe(size);
      expect(loaded.view.byteOffset).toBe(8);
    }
  });

  test.each([64, 100_000, 2_000_000])("where they overlap, in %i bytes", async (size) => {
    const buffer = new ArrayBuffer(size);
    const loaded = await reload([new Uint8Array(buffer, 3, size - 8), new DataView(buffer, 8), new Int32Array(buffer)]);
    expect(new Set(loaded.map((view) => view.buffer)).size).toBe(1);
    (loaded[2] as Int32Array)[4] = 7;
    expect((loaded[1] as DataView).getInt32(8, true)).toBe(7);
    expect((loaded[0] as Uint8Array)[13]).toBe(7);
  });

  test("200,000 of them", async () => {
    const numbers = Float64Array.from({ length: 200_000 }, (_, i) => i);
    const loaded = await reload(Array.from(numbers, (_, i) => numbers.subarray(i, i + 1)));
    expect(loaded[199_999]?.[0]).toBe(199_999);
    expect(loaded[0]?.buffer).toBe(loaded[199_999]?.buffer);
  });

  test("and arrays of different buffers do not", async () => {
    const loaded = await reload([new Float64Array(3), new Float64Array(3)]);
    expect(loaded[0]?.buffer).not.toBe(loaded[1]?.buffer);
    expect(loaded[0]?.buffer.byteLength).toBe(24);
  });
});

describe("instances of declared classes", () => {
  test("may be of a subclass of Set or Array", async () => {
    const loaded = await reload({ tags: new Tags(["a"]), rows: Rows.from([1, 2]) });
    expect(loaded.tags).toBeInstanceOf(Tags);
    expect(loaded.rows).toBeInstanceOf(Rows);
    expect([...loaded.tags, ...loaded.rows]).toEqual(["a", 1, 2]);
  });

  test("may hold a list of 300,000 values", async () => {
    const list = Array.from({ length: 300_000 }, (_, i) => i);
    expect((await reload(new Link(list))).next).toEqual(list);
  });

  test.each([480, 500])("come back from %i levels, which a reader that recurses does not manage", async (levels) => {
    const payload = chain(levels, (inner) => new Link(inner));
    expect(sameValue(await reload(payload), payload)).toBe(true);
  });

  test("are refused beyond that", () => {
    expect(() => structured({ classes: codecs }).check(chain(502, (inner) => new Link(inner)))).toThrow(
      /nested more than 500 levels/,
    );
  });

  test("are refused where what they hold is deep only by itself", () => {
    const nodes: { next?: unknown }[] = Array.from({ length: 5000 }, () => ({}));
    for (const [i, node] of nodes.entries()) node.next = nodes[i + 1];
    const lastFirst = [...nodes].reverse();
    expect(() => structured().check(lastFirst)).not.toThrow();
    expect(() => structured({ classes: codecs }).check([lastFirst, new Link(nodes[0])])).toThrow(
      /payload\[1\] is nested more than 500 levels/,
    );
  });

  test("share with each other and with the payload what they shared", async () => {
    const table = { a: 1 };
    const inner = new Link(table);
    const loaded = await reload({ table, one: new Link([inner, table]), two: new Link(inner), inner });
    expect((loaded.one.next as unknown[])[0]).toBe(loaded.inner);
    expect((loaded.one.next as unknown[])[1]).toBe(loaded.table);
    expect(loaded.two.next).toBe(loaded.inner);
    expect(loaded.inner.next).toBe(loaded.table);
  });

  test("cannot hold themselves, by whatever way round", () => {
    const ring: Record<string, unknown> = {};
    const link = new Link(ring);
    ring.aside = new Map([["back", [link]]]);
    expect(() => structured({ classes: codecs }).check([ring])).toThrow(
      /payload\[0\]\.aside\.back\[0\] is an instance/,
    );
    const left: Record<string, unknown> = {};
    const right = { left };
    left.right = right;
    left.link = new Link(right);
    expect(() => structured({ classes: codecs }).check(left)).toThrow(/holds the instance itself/);
  });

  test("need names of their own", () => {
    const named = { name: "Link", encode: () => 0, decode: () => new Tags() };
    const [link] = codecs as [ClassCodec];
    expect(() => structured({ classes: [link, defineClass(Tags, named) as unknown as ClassCodec] })).toThrow(
      /Two classes are declared as Link/,
    );
  });

  test("throw their own errors", async () => {
    const bytes = await write(new Link(1));
    const failure = new RangeError("no such link");
    const codec = defineClass(Link, {
      encode: () => 1,
      decode: (): Link => {
        throw failure;
      },
    }) as unknown as ClassCodec;
    expect(() => structured({ classes: [codec] }).decode(bytes, defaultDecodeLimits)).toThrow(failure);
  });

  test("in trees and shared shapes at random come back", async () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 5, depthSize: "small" },
        fc.integer(),
        fc.array(tie("any"), { maxLength: 4 }),
        fc.dictionary(fc.string({ maxLength: 3 }), tie("any"), { maxKeys: 3, noNullPrototype: true }),
        tie("any").map((next) => new Link(next)),
        tie("any").map((next) => [next, next]),
        fc.uint8Array({ maxLength: 5 }).map((bytes) => [bytes, bytes.buffer]),
      ),
    })).any;
    await fc.assert(
      fc.asyncProperty(value, async (payload) => {
        expect(sameValue(await reload(payload), payload)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});

describe("what would be lost is refused", () => {
  const long = Float64Array.from({ length: 5000 });
  const strings = Object.assign(["a"], { raw: ["a"] });
  Object.defineProperty(strings, "raw", { enumerable: false });
  const given = new ArrayBuffer(8);
  const givenView = new Uint8Array(given);
  structuredClone(given, { transfer: [given] });
  test.each<[string, unknown, RegExp]>([
    ["a key of a long typed array", Object.assign(long.slice(), { unit: "m" }), /payload is an array with keys/],
    ["a symbol key of a typed array", Object.assign(new Uint8Array(2), { [Symbol("s")]: 1 }), /array with keys/],
    [
      "a hidden key of a long typed array",
      Object.defineProperty(long.slice(), "unit", { value: 1 }),
      /array with keys/,
    ],
    ["a hidden key of a Buffer", Object.defineProperty(Buffer.alloc(5000), "unit", { value: 1 }), /array with keys/],
    ["a hidden key of an array", { a: strings }, /payload\.a\.raw is a getter, or hidden/],
    ["a hidden key of a long array", Object.defineProperty(Array(999).fill(0), "raw", { value: 1 }), /payload\.raw/],
    ["a symbol key of a long array", Object.assign(Array(999).fill(0), { [Symbol("s")]: 1 }), /a symbol key/],
    ["a setter", { a: Object.defineProperty({}, "b", { enumerable: true, set() {} }) }, /payload\.a\.b is a getter/],
    ["a function among the keys of an array", Object.assign([1], { foo: () => 1 }), /payload\.foo is a function/],
    ["a buffer that was given away", { given }, /payload\.given lies in a buffer that was given away/],
    ["a view of it", { givenView }, /payload\.givenView lies in a buffer that was given away/],
    ["a promise", { a: Promise.resolve() }, /Await it first/],
    ["a number object", { a: Object(1) }, /Give the plain value/],
  ])("%s", (_what, payload, message) => {
    const check = () => structured().check(payload);
    expect(check).toThrow(UnsupportedPayloadError);
    expect(check).toThrow(message);
  });

  test("but keys of an array are kept, and a hole of four billion costs nothing", async () => {
    const sparse: unknown[] = [];
    sparse[4_294_967_000] = "end";
    const payload = { keys: Object.assign([1, 2], { foo: "x" }), sparse };
    const loaded = await reload(payload);
    expect(loaded.keys.foo).toBe("x");
    expect(loaded.sparse.length).toBe(4_294_967_001);
    expect(loaded.sparse[4_294_967_000]).toBe("end");
  });
});

describe("what is written is read", () => {
  test("text of more than 100 MB", async () => {
    const text = "x".repeat(100_000_001);
    expect((await reload({ text })).text.length).toBe(text.length);
  });

  test("500 levels, of whatever kind", async () => {
    for (const wrap of [
      (inner: unknown) => ({ inner }),
      (inner: unknown) => [inner],
      (inner: unknown) => new Map([[inner, 1]]),
      (inner: unknown) => Object.assign([], { inner }),
    ]) {
      const payload = chain(500, wrap);
      expect(sameValue(await reload(payload), payload)).toBe(true);
    }
  });

  test("with what was in the payload when it was encoded, however long after the check", async () => {
    const format = structured();
    const payload: { a: unknown } = { a: 1 };
    await format.check(payload);
    await new Promise(setImmediate);
    payload.a = new Float32Array([5]);
    const bytes = new Uint8Array(Buffer.concat(await format.encode(payload)));
    expect(await format.decode(bytes, defaultDecodeLimits)).toEqual({ a: new Float32Array([5]) });
  });

  test("as version 1 was written, by whatever Node", () => {
    const hex =
      "50535401a90000000000000000000000ff0f0122044c696e6b020030005cff01006f22057669657773610349005c08000208000000000000f83f00" +
      "0149025c0d0049045c0b00010240030322046c69737461054900490249022201e949046302420149065a10020000000000000049084e0000000000" +
      "00008040050522056c696e6b73610149005cff010140010122036d61703b5222016101274400000000000014402c013a022205736d616c6c5c0c01" +
      "0202686900027b05";
    const shared = Float64Array.of(1.5);
    const format = structured({ classes: codecs });
    const loaded = format.decode(new Uint8Array(Buffer.from(hex, "hex")), defaultDecodeLimits);
    const written = {
      views: [shared, shared.buffer, new DataView(shared.buffer, 1, 2)],
      list: [1, "é", "ł", 2n, -0],
      links: [new Link(new Link(null))],
      map: new Map([[/a/g, new Set([new Date(5)])]]),
      small: Buffer.from("hi"),
    };
    expect(sameValue(loaded, written)).toBe(true);
  });
});

describe("damage is told from what is no damage", () => {
  const deep = chain(450, (inner) => ({ inner }));

  test("too little stack says nothing about the bytes", async () => {
    const bytes = await write(deep);
    const errors = withLittleStack(() => structured().decode(bytes, defaultDecodeLimits));
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.filter((error) => error instanceof DecodeError)).toEqual([]);
  });

  test("nor does a regular expression that only a newer V8 knows", async () => {
    const bytes = Buffer.from(await write(/(?:a)/));
    bytes.write("(?!a(", bytes.indexOf("(?:a)"), "latin1");
    expect(() => structured().decode(new Uint8Array(bytes), defaultDecodeLimits)).toThrow(NewerPayloadError);
  });

  test("nor does a kind of array that only a newer Node knows", async () => {
    const bytes = await write(Uint8Array.of(9, 9, 9));
    const kind = bytes.indexOf(0x5c) + 1;
    bytes[kind] = 99;
    expect(() => structured().decode(bytes, defaultDecodeLimits)).toThrow(NewerPayloadError);
  });

  test("bytes after the values are damage", async () => {
    const good = Buffer.from(await write({ a: 1 }));
    const longer = Buffer.concat([good, Uint8Array.of(1, 2)]);
    longer.writeUInt32LE(longer.readUInt32LE(4) + 2, 4);
    expect(() => structured().decode(new Uint8Array(longer), defaultDecodeLimits)).toThrow(DecodeError);
  });
});

describe("limits hold before V8 builds anything", () => {
  /** A file around a body of V8's version 15 without classes and instances. */
  function fileOf(body: readonly number[]): Uint8Array {
    const file = Buffer.alloc(20 + body.length);
    file.set([0x50, 0x53, 0x54, 1]);
    file.writeUInt32LE(body.length + 4, 4);
    file.set([0xff, 15, 0, 0, ...body], 16);
    return new Uint8Array(file);
  }

  test("a few bytes cannot reserve gigabytes", () => {
    const reserve = [0x61, 0xff, 0xff, 0xff, 0x0f, 0x40, 0, 0xff, 0xff, 0xff, 0x0f];
    const file = fileOf([0x41, 8, ...Array(8).fill(reserve).flat(), 0x24, 0, 8]);
    expect(() => structured().decode(file, defaultDecodeLimits)).toThrow(/limits\.maxNodes/);
  });

  test("nesting ends at maxDepth, at its own default too", async () => {
    const bytes = await write(chain(50, (inner) => [inner]));
    expect(() => structured().decode(bytes, resolveDecodeLimits({ maxDepth: 49 }))).toThrow(DecodeLimitError);
    expect(() => structured().decode(bytes, resolveDecodeLimits({ maxDepth: 50 }))).not.toThrow();
    const hostile = fileOf(Array(100_000).fill([0x41, 1]).flat());
    expect(() => structured().decode(hostile, defaultDecodeLimits)).toThrow(/limits\.maxDepth/);
  });

  test("values end at maxNodes", async () => {
    const bytes = await write(Array(1000).fill(7));
    expect(() => structured().decode(bytes, resolveDecodeLimits({ maxNodes: 1000 }))).toThrow(/limits\.maxNodes/);
    expect(() => structured().decode(bytes, resolveDecodeLimits({ maxNodes: 2001 }))).not.toThrow();
  });

  test("the end of every body is found where it is", async () => {
    const any = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: true,
    });
    const unicodeSets = "v";
    const samples = [
      /a\/é/giu,
      new RegExp("ł+", unicodeSets),
      [undefined, true],
      new Link(new Link([/x/, 1n])),
      { b: new ArrayBuffer(5) },
      "ł",
    ];
    let measured = 0;
    const prove = async (payload: unknown): Promise<void> => {
      const bytes = await write(payload).catch((error: unknown) => {
        if (error instanceof UnsupportedPayloadError) return undefined;
        throw error;
      });
      if (bytes === undefined) return;
      const bodyBytes = Buffer.from(bytes.buffer).readUInt32LE(4);
      const outside = Buffer.from(bytes.buffer).readUInt32LE(8);
      const start = 16 + 8 * outside;
      expect(measureStructured(bytes.subarray(start, start + bodyBytes), defaultDecodeLimits)).toBe(bodyBytes);
      measured += 1;
    };
    for (const sample of samples) await prove(sample);
    await fc.assert(fc.asyncProperty(any, prove), { numRuns: 150 });
    expect(measured).toBeGreaterThan(100);
  });
});
