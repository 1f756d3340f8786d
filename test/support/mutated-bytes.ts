import { expect } from "vitest";
import {
  CompressionUnavailableError,
  DecodeError,
  DecodeLimitError,
  NewerPayloadError,
} from "../../src/errors/format-errors.ts";
import { resolveDecodeLimits } from "../../src/format/decode-limits.ts";
import type { DecodeLimits } from "../../src/format/format.ts";
import { assertColumnTable } from "../../src/table/assert-column-table.ts";
import type { ColumnTable } from "../../src/table/column-table.ts";
import { SeededRandom } from "./seeded-random.ts";

/** A file may also ask for zstd, which this Node does not have. */
const EXPECTED = [DecodeError, DecodeLimitError, CompressionUnavailableError, NewerPayloadError];

const ODD_BYTES = [0, 1, 2, 0x0f, 0x7f, 0x80, 0xfe, 0xff];

/**
 * Decode `count` damaged copies of good bytes, and expect of each either a sound table or an error
 * that says what is wrong with the bytes.
 *
 * @param seed - of the mutations, so that a failure can be had again
 */
export async function expectHarmless(
  samples: readonly Uint8Array[],
  count: number,
  decode: (bytes: Uint8Array, limits: DecodeLimits) => ColumnTable | Promise<ColumnTable>,
  seed = 1,
): Promise<void> {
  const random = new SeededRandom(seed);
  const limits = resolveDecodeLimits({ maxBytes: 4_000_000 });
  for (let i = 0; i < count; i++) {
    const bad = mutated(samples[i % samples.length] as Uint8Array, random);
    try {
      assertColumnTable(await decode(bad, limits));
    } catch (error) {
      if (EXPECTED.some((known) => error instanceof known)) continue;
      expect.fail(`mutation ${i} of seed ${seed}: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
}

function mutated(good: Uint8Array, random: SeededRandom): Uint8Array {
  const bad = Uint8Array.from(good);
  const end = bad.length;
  // Files say at their ends how the rest is to be read, so half of all mutations are there.
  const place = (): number => {
    const part = random.below(4);
    if (part === 0) return end - 1 - random.below(Math.min(end, 900));
    return random.below(part === 1 ? Math.min(end, 300) : end);
  };
  for (let flips = 1 + random.below(4); flips > 0; flips--)
    bad[place()] = random.chance(0.5) ? random.below(256) : random.pick(ODD_BYTES);
  const kind = random.below(12);
  if (kind === 0) return bad.subarray(0, random.below(end));
  if (kind === 1) bad.copyWithin(place(), place(), Math.min(end, place() + 40));
  return bad;
}
