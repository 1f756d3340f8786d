import { expect } from "vitest";
import { DecodeError, DecodeLimitError, NewerPayloadError } from "../../src/errors/format-errors.ts";
import { defaultDecodeLimits, resolveDecodeLimits } from "../../src/format/decode-limits.ts";
import type { AnyFormat, DecodeLimits } from "../../src/format/format.ts";
import { SeededRandom } from "./seeded-random.ts";

const ODD_BYTES = [0, 1, 2, 0x0f, 0x7f, 0x80, 0xc1, 0xdd, 0xdf, 0xfe, 0xff];

/** The bytes that a format writes, after its check. */
export async function bytesOf(format: AnyFormat, payload: unknown): Promise<Uint8Array> {
  await format.check(payload as never);
  return new Uint8Array(Buffer.concat(await format.encode(payload as never)));
}

/** The payload that is decoded from the bytes that were written, as a file would hold them. */
export async function reload(format: AnyFormat, payload: unknown): Promise<unknown> {
  return format.decode(await bytesOf(format, payload), defaultDecodeLimits);
}

/**
 * Decode `count` damaged copies of good bytes, and expect of each either a payload or an error that
 * says what is wrong with the bytes.
 *
 * @param seed of the damage, so that a failure can be had again
 */
export async function expectHarmless(
  samples: readonly Uint8Array[],
  count: number,
  decode: (bytes: Uint8Array, limits: DecodeLimits) => unknown,
  { seed = 1, also = [] }: { readonly seed?: number; readonly also?: readonly (new (...given: never) => Error)[] } = {},
): Promise<void> {
  const random = new SeededRandom(seed);
  const limits = resolveDecodeLimits({ maxBytes: 4_000_000 });
  const expected = [DecodeError, DecodeLimitError, NewerPayloadError, ...also];
  for (let i = 0; i < count; i++) {
    const bad = damaged(samples[i % samples.length] ?? new Uint8Array(0), random);
    try {
      await decode(bad, limits);
    } catch (error) {
      if (expected.some((known) => error instanceof known)) continue;
      expect.fail(`copy ${i} of seed ${seed}: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(Object.keys(Array.prototype)).toEqual([]);
}

function damaged(good: Uint8Array, random: SeededRandom): Uint8Array {
  const bad = Uint8Array.from(good);
  const end = bad.length;
  for (let flips = 1 + random.below(4); flips > 0; flips--)
    bad[random.below(end)] = random.chance(0.5) ? random.below(256) : random.pick(ODD_BYTES);
  const kind = random.below(12);
  if (kind === 0) return bad.subarray(0, random.below(end));
  if (kind === 1) bad.copyWithin(random.below(end), random.below(end), end);
  if (kind === 2) return Uint8Array.from([...bad, random.below(256)]);
  return bad;
}
