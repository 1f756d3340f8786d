import { expect } from "vitest";
import { DecodeError, DecodeLimitError, NewerPayloadError } from "../../src/errors/format-errors.ts";
import { defaultDecodeLimits, resolveDecodeLimits } from "../../src/format/decode-limits.ts";
import type { AnyFormat, DecodeLimits } from "../../src/format/format.ts";
import { assertColumnTable } from "../../src/table/assert-column-table.ts";
import type { ColumnTable } from "../../src/table/column-table.ts";
import { SeededRandom } from "./seeded-random.ts";

const ODD_BYTES = Uint8Array.of(0, 1, 2, 0x0f, 0x7f, 0x80, 0xc1, 0xdd, 0xdf, 0xfe, 0xff);

/** The bytes that a format writes, after its check. */
export async function bytesOf(format: AnyFormat, payload: unknown): Promise<Uint8Array> {
  await format.check(payload as never);
  return new Uint8Array(Buffer.concat(await format.encode(payload as never)));
}

/** The payload that is decoded from the bytes that were written, as a file would hold them. */
export async function reload(format: AnyFormat, payload: unknown): Promise<unknown> {
  return format.decode(await bytesOf(format, payload), defaultDecodeLimits);
}

export interface Harmless {
  /** The seed of the damage, so that a failure can be had again. */
  readonly seed?: number;
  /** Errors that are as good as those of a decoder. */
  readonly also?: readonly (new (
    ...given: never
  ) => Error)[];
  /** Bytes that mean something in the format: half of the damage is made of them. */
  readonly odd?: Uint8Array;
}

/**
 * Decodes `count` damaged copies of good bytes, and expects of each either a payload or an error
 * that says what is wrong with the bytes.
 */
export async function expectHarmless(
  samples: readonly Uint8Array[],
  count: number,
  decode: (bytes: Uint8Array, limits: DecodeLimits) => unknown,
  { seed = 1, also = [], odd = ODD_BYTES }: Harmless = {},
): Promise<void> {
  const random = new SeededRandom(seed);
  const limits = resolveDecodeLimits({ maxBytes: 4_000_000 });
  const expected = [DecodeError, DecodeLimitError, NewerPayloadError, ...also];
  for (let i = 0; i < count; i++) {
    const bad = damaged(samples[i % samples.length] ?? new Uint8Array(0), odd, random);
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

/** Expects the same of a format of tables, and that the tables it gives are sound. */
export function expectHarmlessTables(
  samples: readonly Uint8Array[],
  count: number,
  decode: (bytes: Uint8Array, limits: DecodeLimits) => ColumnTable | Promise<ColumnTable>,
  seed?: number,
): Promise<void> {
  const decodeSound = async (bytes: Uint8Array, limits: DecodeLimits): Promise<void> =>
    assertColumnTable(await decode(bytes, limits));
  return expectHarmless(samples, count, decodeSound, seed === undefined ? {} : { seed });
}

function damaged(good: Uint8Array, odd: Uint8Array, random: SeededRandom): Uint8Array {
  const bad = Uint8Array.from(good);
  const end = bad.length;
  // What says how the rest is to be read is at the ends: half of the damage is there.
  const place = (): number => {
    const part = random.below(4);
    if (part === 0) return end - 1 - random.below(Math.min(end, 900));
    return random.below(part === 1 ? Math.min(end, 300) : end);
  };
  for (let flips = 1 + random.below(4); flips > 0; flips--)
    bad[place()] = random.chance(0.5) ? random.below(256) : (odd[random.below(odd.length)] ?? 0);
  const kind = random.below(12);
  if (kind === 0) return bad.subarray(0, random.below(end));
  if (kind === 1) bad.copyWithin(place(), place(), random.chance(0.5) ? end : Math.min(end, place() + 40));
  if (kind === 2) return Uint8Array.from([...bad, random.below(256)]);
  return bad;
}
