import { describe, expect, test } from "vitest";
import { msgpack } from "../../src/entry/formats/msgpack.ts";
import { ndjson } from "../../src/entry/formats/ndjson.ts";
import { type Format, json, structured, UnsupportedPayloadError } from "../../src/entry/index.ts";

class Foo {
  readonly n = 1;
}

const odd: readonly (readonly [string, unknown])[] = [
  ["an instance", new Foo()],
  ["an error", new TypeError("no")],
  ["a URL", new URL("https://example.com")],
  ["a list of a search", new URLSearchParams("a=1")],
  ["an object without a prototype", Object.create(null)],
  ["a boxed number", Object(1)],
  ["a function", () => 1],
  ["a symbol", Symbol("x")],
  ["a promise", Promise.resolve(1)],
  ["a response", new Response("x")],
  ["an async generator", (async function* () {})()],
  ["a generator", (function* () {})()],
  ["a readable stream", new ReadableStream()],
  ["a weak map", new WeakMap()],
  ["a map", new Map([[1, 2]])],
  ["a set", new Set([1])],
  ["a big number", 2n ** 70n],
  ["minus zero", -0],
  ["a regular expression", /x/],
  ["undefined", undefined],
  ["a typed array", new Float64Array(2)],
  ["shared memory", new Uint8Array(new SharedArrayBuffer(8))],
  [
    "a resizable buffer",
    new Uint8Array(new (ArrayBuffer as never as { new (n: number, o: object): ArrayBuffer })(8, { maxByteLength: 16 })),
  ],
  [
    "a cycle",
    (() => {
      const list: unknown[] = [];
      list.push(list);
      return list;
    })(),
  ],
  ["a class of the reader's without a name", new (class {})()],
];

async function refusalOf(format: Format<never>, value: unknown): Promise<UnsupportedPayloadError | undefined> {
  try {
    await format.check(value as never);
    return undefined;
  } catch (error) {
    if (error instanceof UnsupportedPayloadError) return error;
    throw error;
  }
}

const formats: readonly (readonly [string, Format<never>, (value: unknown) => unknown])[] = [
  ["json", json() as never, (value) => ({ deep: [value] })],
  ["msgpack", msgpack() as never, (value) => ({ deep: [value] })],
  ["ndjson", ndjson() as never, (value) => [{ deep: value }]],
];

describe.each(formats)("a hint of %s", (_, format, wrap) => {
  test.each(odd)("names structured() for %s only where that holds it", async (_title, value) => {
    const refusal = await refusalOf(format, wrap(value));
    if (refusal === undefined) return;
    const isHeld = (await refusalOf(structured() as never, value)) === undefined;
    expect([refusal.message, /Use structured\(\)/.test(refusal.suggestion)]).toEqual([refusal.message, isHeld]);
    expect(refusal.message).not.toMatch(/instance of ,|defineClass\(,|\bundefined\b.*undefined/);
  });
});

test.each(odd)("structured() says of %s what to do, with a name in every place", async (_, value) => {
  const refusal = await refusalOf(structured() as never, { deep: value });
  if (refusal === undefined) return;
  expect(refusal.suggestion).not.toBe("");
  expect(refusal.message).not.toMatch(/instance of ,|defineClass\(,/);
});

test("a stream in the default format is sent to the formats of streams", async () => {
  const refusal = await refusalOf(structured() as never, (async function* () {})());
  expect(refusal?.message).toMatch(/is an async generator.*records\(\)/);
});

test("a path of a thousand levels is shown by its beginning", async () => {
  let deep: unknown = () => 1;
  for (let i = 0; i < 400; i++) deep = [deep];
  for (const [, format] of formats.slice(0, 2)) {
    const refusal = await refusalOf(format, deep);
    expect(refusal?.message.length).toBeLessThan(300);
    expect(refusal?.message).toContain("(400 levels down)");
    expect(refusal?.path).toHaveLength(400);
  }
});
