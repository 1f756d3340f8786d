import { expect, test } from "vitest";
import { DecodeError, DecodeLimitError, PersistableError, structured } from "../../src/entry/index.ts";
import { defaultDecodeLimits } from "../../src/format/decode-limits.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const format = structured();

/**
 * A body in the envelope of the format, with no buffers: no names, no instances, then the value.
 */
function forge(value: readonly number[] | Uint8Array, names: readonly number[] = [0, 0]): Uint8Array {
  const body = Buffer.concat([Buffer.from([0xff, 0x0f, ...names]), Buffer.from(value)]);
  const bytes = new Uint8Array(16 + body.length);
  bytes.set([0x50, 0x53, 0x54, 1]);
  new DataView(bytes.buffer).setUint32(4, body.length, true);
  bytes.set(body, 16);
  return bytes;
}

const repeated = (bytes: readonly number[], times: number): Buffer =>
  Buffer.alloc(times * bytes.length, Buffer.from(bytes));
const ascii = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));
/** A sparse array of 2^25, in ten bytes. */
const SPARSE = [0x61, 0x80, 0x80, 0x80, 0x10, 0x40, 0x00, 0x80, 0x80, 0x80, 0x10];

test.each<[string, readonly number[] | Uint8Array]>([
  [
    "an error (two bytes), and then twenty arrays of 2^25",
    [0x41, 21, ...ascii("r."), ...repeated(SPARSE, 20), 0x24, 0, 21],
  ],
  ["a resizable buffer, and then twenty arrays", [0x41, 21, ...ascii("~"), 0, 0, ...repeated(SPARSE, 20), 0x24, 0, 21]],
  ["a count of objects before each of two million", repeated([0x3f, 0], 2_000_000)],
  [
    "a nesting of two million behind a tag that is not ours",
    Buffer.concat([Buffer.from("r."), repeated([0x6f], 2_000_000)]),
  ],
  ["a container that ends before it begins", [0x7b, 0]],
  ["nothing", []],
  ["half a list", [0x41, 3, 0x49, 2]],
  ["an object around true", ascii("y")],
  ["an object around a number", [...ascii("n"), ...new Uint8Array(8)]],
  ["an object around a text", [...ascii('s"'), 1, ...ascii("a")]],
])("forged bytes are refused with an error of ours: %s", (_, value) => {
  expect(() => format.decode(forge(value), defaultDecodeLimits)).toThrow(DecodeError);
});

test("twenty arrays of 2^25 are beyond the limits", () => {
  const value = [0x41, 20, ...repeated(SPARSE, 20), 0x24, 0, 20];
  expect(() => format.decode(forge(value), defaultDecodeLimits)).toThrow(DecodeLimitError);
});

test("a nesting of two million is beyond the limits, and beyond the stack where the limits are larger", () => {
  const nested = forge(Buffer.concat([repeated([0x41, 1], 2_000_000), Buffer.from([0x30])]));
  expect(() => format.decode(nested, defaultDecodeLimits)).toThrow(DecodeLimitError);
  const whole = forge(
    Buffer.concat([repeated([0x41, 1], 200_000), Buffer.from([0x30]), repeated([0x24, 0, 1], 200_000)]),
  );
  expect(() => format.decode(whole, { ...defaultDecodeLimits, maxDepth: 3_000_000 })).toThrow(DecodeLimitError);
});

test("an instance that names no class is damage, and not an instance of undefined", () => {
  expect(() => format.decode(forge([0x5c, 0xff, 0x01, 0], [0, 1, 5, 0x30]), defaultDecodeLimits)).toThrow(
    /names no class/,
  );
});

test("no tag, alone or inside a list, gives anything but a value or an error of ours", () => {
  const random = new SeededRandom(8);
  for (let tag = 0; tag < 256; tag++) {
    for (let round = 0; round < 40; round++) {
      const tail = Array.from({ length: random.below(12) }, () => random.below(256));
      const value = round % 2 === 0 ? [tag, ...tail] : [0x41, 2, tag, ...tail, 0x30, 0x24, 0, 2];
      try {
        void format.decode(forge(value), defaultDecodeLimits);
      } catch (error) {
        expect([tag, String(error), error instanceof PersistableError]).toEqual([tag, String(error), true]);
      }
    }
  }
});
