import fc from "fast-check";
import { expect, test } from "vitest";
import { DecodeError } from "../../src/errors/format-errors.ts";
import { defaultDecodeLimits } from "../../src/format/decode-limits.ts";
import { formatOfParts, packetsOf } from "../../src/models/stored-parts.ts";

const RUNS = Number(process.env.PERSISTABLE_TEST_MODEL_CALLS ?? 40);
const format = formatOfParts();

async function stored(parts: unknown): Promise<Uint8Array> {
  return Buffer.concat([...(await format.encode(parts))]);
}

/** Texts that would end a part or a text too early if they were read without care. */
const text = fc.oneof(fc.constantFrom('"', "\\", '\\"', "],[", "}", "{", ",", "\u2028é😀"), fc.string());
const value = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    text,
    fc.constantFrom(0, -1.5, null, undefined, true, new Date(0)),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(text, tie("value"), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value;
const part = fc.record({ type: text, delta: text, more: value }, { requiredKeys: ["type"], noNullPrototype: true });

test("a stored stream gives the parts that it was made of, whatever their texts and their number", async () => {
  const several = fc.oneof(
    fc.array(part, { maxLength: 5 }),
    fc.array(part, { minLength: 62, maxLength: 66 }),
    fc.array(part, { minLength: 127, maxLength: 130 }),
  );
  await fc.assert(
    fc.asyncProperty(several, async (parts) => {
      const packets = [...packetsOf(await format.decode(await stored(parts), defaultDecodeLimits))];
      expect(packets.flat()).toEqual(parts);
      expect(packets.every(({ length }) => length > 0 && length <= 64)).toBe(true);
      expect([...packetsOf(parts)]).toEqual(packets);
    }),
    { numRuns: RUNS },
  );
});

test("a packet is decoded when it is asked for", async () => {
  const bytes = await stored(Array.from({ length: 100 }, (_, i) => ({ type: "text-delta", delta: `${i}` })));
  bytes.set(Buffer.from("!"), bytes.length - 2);
  const packets = packetsOf(await format.decode(bytes, defaultDecodeLimits));
  expect(packets.next().value).toHaveLength(64);
  expect(() => packets.next()).toThrow(DecodeError);
});

test("what is not a list of parts is refused before the first of them", async () => {
  for (const wrong of ["", "{}", '"text"', "[", "1"])
    await expect(async () => format.decode(Buffer.from(wrong), defaultDecodeLimits)).rejects.toThrow(DecodeError);
});
