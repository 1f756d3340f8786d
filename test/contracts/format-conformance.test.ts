import { describe, expect, it } from "vitest";
import { taggedJson } from "../../src/entry/formats/tagged-json.ts";
import { bytes, gzip, json, npy, structured, text, type UniversalFormat } from "../../src/entry/index.ts";
import { type FormatSubject, formatConformance } from "../../src/entry/testing.ts";

const runner = { describe, it };
const values = [null, "", "añ", 1.5, [], { a: [1, { b: "x" }] }];

formatConformance(runner, {
  name: "structured",
  create: structured,
  holds: [...values, undefined, new Map([[1, new Set([2])]]), Float64Array.of(1, 2), 3n],
  refuses: [() => 1, new URL("a:b")],
});
formatConformance(runner, {
  name: "json",
  create: json,
  holds: values,
  refuses: [undefined, Number.NaN, new Date(), new Map()],
});
formatConformance(runner, {
  name: "tagged-json",
  create: taggedJson,
  holds: [...values, undefined, -0, new Date(5), [{ $date: 1, $$a: undefined }], Uint8Array.of(1, 2), 3n],
  refuses: [() => 1, new Map(), new Float64Array(1)],
});
formatConformance(runner, { name: "text", create: text, holds: ["", "añ😀"], refuses: [1, "\ud800", null] });
formatConformance(runner, {
  name: "bytes",
  create: bytes,
  holds: [new Uint8Array(0), Uint8Array.of(1, 2)],
  refuses: ["x", Buffer.from("x")],
});
formatConformance(runner, {
  name: "npy",
  create: () => npy(),
  holds: [Float64Array.of(1), new Int8Array(0)],
  refuses: [[1], "x"],
});
formatConformance(runner, {
  name: "npy(shaped)",
  create: () => npy({ shaped: true }),
  holds: [{ data: Float32Array.of(1, 2), shape: [2, 1] }],
  refuses: [{ data: Float32Array.of(1), shape: [2] }],
});
formatConformance(runner, { name: "gzip(json)", create: () => gzip(json()), holds: values, refuses: [undefined] });

/** The titles of the tests that a format fails. */
async function failuresOf(subject: FormatSubject): Promise<string[]> {
  const failures: string[] = [];
  const tests: { name: string; body: () => Promise<void> }[] = [];
  formatConformance({ describe: (_name, body) => body(), it: (name, body) => tests.push({ name, body }) }, subject);
  for (const { name, body } of tests) await body().catch(() => failures.push(name));
  return failures;
}

describe("the suite catches a format that", () => {
  const base: UniversalFormat = json();
  it.each<[string, Partial<UniversalFormat>, RegExp]>([
    ["loses what it does not know", { check: () => {}, decode: () => ({}) as never }, /gives payload 0 back/],
    ["refuses nothing", { check: () => {} }, /refuses payload 0/],
    [
      "reads from the beginning of the buffer",
      { decode: (b) => JSON.parse(new TextDecoder().decode(b.buffer.slice(0, b.length) as ArrayBuffer)) },
      /anywhere in a larger buffer/,
    ],
    [
      "writes several lines of JSON",
      { encode: (p) => [Buffer.from(JSON.stringify(p, undefined, 2))] },
      /gives payload 0 back/,
    ],
    ["has an id that no record holds", { id: "a b\n" }, /has an id/],
  ])("%s", async (_what, lie, caught) => {
    const failures = await failuresOf({
      name: "liar",
      create: () => ({ ...base, ...lie }),
      holds: [{ a: [1] }],
      refuses: [undefined],
    });
    expect(
      failures.some((title) => caught.test(title)),
      failures.join("; "),
    ).toBe(true);
  });

  it("is silent about one that keeps its promises", async () => {
    expect(await failuresOf({ name: "honest", create: json, holds: [{ a: [1] }], refuses: [undefined] })).toEqual([]);
  });
});
