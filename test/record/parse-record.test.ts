import fc from "fast-check";
import { expect, test } from "vitest";
import { parseAddress } from "../../src/address/address-of.ts";
import { type ArtifactRecord, addressOf } from "../../src/entry/index.ts";
import { draftRecord, encodeRecord, summarizeRecord } from "../../src/record/encode-record.ts";
import { encodeSummary } from "../../src/record/encode-summary.ts";
import { CHECKSUM_HEAD, COVERED_START, findExpectedInline } from "../../src/record/layout.ts";
import { parseRecord, type RecordProblem } from "../../src/record/parse-record.ts";
import type { PayloadSummary } from "../../src/record/summary-value.ts";
import { digestOf } from "../../src/util/digest/digest.ts";
import { sha256Hex } from "../../src/util/digest/sha256.ts";

const inline = "[1]";
const payload = { format: "json", sizeBytes: 3, digest: digestOf([Buffer.from(inline)]) };
const address = parseAddress(addressOf({ name: "points", params: {}, dependencies: {} }));
const draft = draftRecord(
  { name: "points", version: undefined, draw: 0, address, recipeParams: [], dependencies: {}, classes: [] },
  undefined,
);
const provenance = { createdAt: "2026-11-23T08:00:00.000Z" };
const keep = (text: string): string => text;

function recordOf(summary: unknown, more: object = {}): Uint8Array {
  return encodeRecord(summarizeRecord(draft, encodeSummary(summary, keep)), payload, inline, {
    ...provenance,
    ...more,
  });
}

function parse(bytes: Uint8Array): ArtifactRecord | RecordProblem {
  return parseRecord(bytes, "points.json", []);
}

/** With another text and the checksum of that. */
function forged(bytes: Uint8Array, change: (text: string) => string): Uint8Array {
  const covered = change(Buffer.from(bytes).toString("utf8", COVERED_START));
  return Buffer.from(`${CHECKSUM_HEAD}${sha256Hex(covered)}${covered}`);
}

const summaryValue = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.date({ noInvalidDate: false }),
);

test("every summary comes back as it was, and an inline payload is found beside it", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: "binary" }), summaryValue), (summary) => {
      const bytes = recordOf(summary);
      expect((parse(bytes) as ArtifactRecord).summary).toStrictEqual({ ...summary });
      expect(Buffer.from(findExpectedInline(bytes, address, "json")?.line ?? []).toString()).toBe(inline);
    }),
  );
});

test("cost and seed come back, and a record without them has none", () => {
  const told = { cost: { usd: 0.5, tokens: 3 }, seed: 2 ** 32 - 1 };
  expect(parse(recordOf({}, told))).toMatchObject({ provenance: { ...provenance, ...told } });
  const plain = parse(encodeRecord(draft, payload, inline, provenance)) as ArtifactRecord;
  expect(plain.provenance).toEqual(provenance);
  expect(plain).not.toHaveProperty("summary");
});

test("what a newer release adds to a summary, to the provenance or to a record does not make it unreadable", () => {
  const newer = forged(recordOf({ n: 3 }, { seed: 1 }), (text) =>
    text
      .replace('"n": 3', '"n": 3, "quantiles": [1, 2], "of": { "a": 1 }')
      .replace('"seed": 1', '"seed": 1, "carbonGrams": { "x": [1] }')
      .replace('"payload": {', '"license": "CC0", "payload": {'),
  );
  const record = parse(newer) as ArtifactRecord;
  expect(record.summary).toEqual({ n: 3 } satisfies PayloadSummary);
  expect(record.provenance).toMatchObject({ seed: 1, carbonGrams: { x: [1] } });
});

test.each([
  ['"n": 3', '"n": { "$nonsense": 1 }', "summary.n"],
  ['"usd": 1', '"usd": -1', '"provenance.cost.usd"'],
  ['"usd": 1', '"usd": "1"', '"provenance.cost.usd"'],
  ['"usd": 1', '"usd": 1e999', '"provenance.cost.usd"'],
  ['"seed": 1', '"seed": 4294967296', '"provenance.seed"'],
  ['"seed": 1', '"seed": 0.5', '"provenance.seed"'],
])("a record with %s as %s is not believed, and says where", (right, wrong, where) => {
  const bytes = forged(recordOf({ n: 3 }, { cost: { usd: 1 }, seed: 1 }), (text) => {
    expect(text).toContain(right);
    return text.replace(right, wrong);
  });
  expect((parse(bytes) as RecordProblem).problem).toContain(where);
});
