import { readFileSync, statSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { json } from "../../src/entry/index.ts";
import { triesAllCases } from "../support/chosen-cases.ts";
import { fileSamples, inlineSamples, persistSample, type Rig } from "./samples.ts";

/**
 * How many damages of each file are tried, spread evenly over all there are: by default few, in a
 * full run every bit of every byte and every length.
 */
const DAMAGES = Number(process.env.PERSISTABLE_TEST_DAMAGES ?? 5);
/**
 * After each n-th damage the artifact is also healed, which costs many times as much as loading.
 */
const HEAL_EVERY = 15;

const CORRUPT = "PERSISTABLE_CORRUPT_ARTIFACT";

/** A way of damaging a file, with its name. */
type Damage = readonly [what: string, of: (whole: Buffer) => Buffer];

function bitFlips(sizeBytes: number): Damage[] {
  return Array.from({ length: sizeBytes * 8 }, (_, bit) => [
    `bit ${bit % 8} of byte ${bit >> 3}`,
    (whole) => {
      const damaged = Buffer.from(whole);
      damaged[bit >> 3] = (whole[bit >> 3] ?? 0) ^ (1 << (bit % 8));
      return damaged;
    },
  ]);
}

function lengths(sizeBytes: number): Damage[] {
  return [
    ...Array.from(
      { length: sizeBytes },
      (_, length): Damage => [`${length} bytes`, (whole) => whole.subarray(0, length)],
    ),
    ...["\0", "\n", " ", "}", "{}", "twice"].map(
      (more): Damage => [
        `with ${JSON.stringify(more)} at its end`,
        (whole) => Buffer.concat([whole, more === "twice" ? whole : Buffer.from(more)]),
      ],
    ),
  ];
}

/** Evenly spread; not by a whole number of bytes, so that all bits have their turn. */
function spread<Item>(items: readonly Item[], count: number): Item[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)] as Item);
}

/** Damages the file in many ways; returns what was not detected, with what was answered. */
async function undetected(rig: Rig, file: string, damages: readonly Damage[]): Promise<string[]> {
  const files = [rig.recordFile(), rig.payloadFile()].filter((path) => path !== undefined);
  const wholes = files.map((path) => readFileSync(path));
  const whole = readFileSync(file);
  const missed: string[] = [];
  for (const [i, [what, damage]] of damages.entries()) {
    const damaged = damage(whole);
    writeFileSync(file, damaged);
    const verdict = await rig.load();
    if (verdict !== CORRUPT) missed.push(`${what}: ${verdict}`);
    if (readFileSync(file).compare(damaged) !== 0) missed.push(`${what}: load changed the file`);
    if (i % HEAL_EVERY !== HEAL_EVERY - 1) continue;
    if ((await rig.loadOrGenerate()) !== "right" || !(await rig.isSound())) missed.push(`${what}: not healed`);
    // The healed artifact is another one, with another payload file: back to the one under test.
    await rig.build().remove();
    for (const [n, path] of files.entries()) writeFileSync(path, wholes[n] ?? "");
  }
  writeFileSync(file, whole);
  expect(await rig.load()).toBe("right");
  return missed;
}

describe.each([...inlineSamples, ...fileSamples])("$title", (sample) => {
  test("a record with any bit flipped, or of any other length, is detected", async () => {
    await using rig = await persistSample(sample);
    const file = rig.recordFile();
    const { size } = statSync(file);
    expect(await undetected(rig, file, spread(bitFlips(size), DAMAGES))).toEqual([]);
    expect(await undetected(rig, file, spread(lengths(size), DAMAGES))).toEqual([]);
  });
});

describe.each(fileSamples)("$title", (sample) => {
  test("a payload with any bit flipped, or of any other length, is detected", async () => {
    await using rig = await persistSample(sample);
    const file = rig.payloadFile() ?? "";
    const { size } = statSync(file);
    expect(await undetected(rig, file, spread(bitFlips(size), DAMAGES))).toEqual([]);
    expect(await undetected(rig, file, spread(lengths(size), DAMAGES))).toEqual([]);
  });
});

test("a small artifact is verified to the last byte", async () => {
  await using rig = await persistSample({ title: "", format: json(), payload: (n) => n });
  const file = rig.recordFile();
  const { size } = statSync(file);
  expect(await undetected(rig, file, spread(bitFlips(size), Math.max(triesAllCases ? size : 100, DAMAGES)))).toEqual(
    [],
  );
  expect(await undetected(rig, file, spread(lengths(size), Math.max(triesAllCases ? 100 : 30, DAMAGES)))).toEqual([]);
});

test("a reader that verifies nothing returns wrong values for the same damage (control)", async () => {
  await using rig = await persistSample({
    title: "",
    format: json(),
    payload: (n) => ({ n, list: Array(40).fill(7) }),
  });
  const whole = readFileSync(rig.recordFile());
  const verdicts = bitFlips(whole.length).map(([, damage]) => decodeBlindly(damage(whole), rig.expected()));
  expect(verdicts.filter((verdict) => verdict === "WRONG").length).toBeGreaterThan(40);
});

function decodeBlindly(record: Buffer, expected: unknown): "right" | "WRONG" | "unreadable" {
  try {
    const { inline } = JSON.parse(record.toString("utf8")) as { inline: unknown };
    return isDeepStrictEqual(inline, expected) ? "right" : "WRONG";
  } catch {
    return "unreadable";
  }
}
