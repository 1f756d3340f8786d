import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { strToU8, type Zippable, zipSync } from "fflate";
import { describe, expect, it, test } from "vitest";
import { formatConformance } from "../../src/entry/testing.ts";
import { DecodeError, DecodeLimitError } from "../../src/errors/format-errors.ts";
import { defaultDecodeLimits, resolveDecodeLimits } from "../../src/format/decode-limits.ts";
import type { NpyArray } from "../../src/format/npy/npy-array.ts";
import { type NpzPayload, npz } from "../../src/format/npy/npz-format.ts";
import { encodeNpy } from "../../src/format/npy/shaped-array.ts";
import { bytesOf, expectHarmless, reload } from "../support/damaged-copies.ts";
import { sameValue } from "../support/same-value.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const mutations = Number(process.env.PERSISTABLE_MUTATIONS ?? 40);
const runs = Number(process.env.PERSISTABLE_FUZZ_RUNS ?? 30);

const matrix = { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] };
const every = {
  f8: Float64Array.of(1.5, -0, Number.NaN, Number.POSITIVE_INFINITY),
  f4: Float32Array.of(1.5),
  i1: Int8Array.of(-128, 127),
  u1: Uint8Array.of(0, 255),
  i2: Int16Array.of(-1, 2),
  u2: Uint16Array.of(1, 65_535),
  i4: Int32Array.of(-1, 2),
  u4: Uint32Array.of(1, 2),
  i8: BigInt64Array.of(-1n, 2n),
  u8: BigUint64Array.of(1n, 2n ** 63n),
  matrix,
};

describe.each([false, true])("compressed: %s", (compressed) => {
  formatConformance(
    { describe, it },
    {
      name: "npz",
      create: () => npz({ compressed }),
      holds: [
        {},
        every,
        { empty: new Float64Array(0), none: { data: new Int8Array(0), shape: [0, 4] } },
        { scalar: { data: Float64Array.of(3), shape: [] }, cube: { data: new Int16Array(24), shape: [2, 3, 4] } },
        { "": Int8Array.of(1), "10": Int8Array.of(2), "9": Int8Array.of(3), "a.npy": Int8Array.of(4) },
        { "layers/0/w": Int8Array.of(1), "ä 😀": Int8Array.of(2), constructor: Int8Array.of(3) },
        { part: Float64Array.of(1, 2, 3).subarray(1, 2) },
      ],
      refuses: [
        null,
        "x",
        [Float64Array.of(1)],
        Float64Array.of(1),
        new Map([["a", Float64Array.of(1)]]),
        { a: [1, 2] },
        { a: 1 },
        { a: null },
        { a: undefined },
        { a: Buffer.from("x") },
        { a: Uint8ClampedArray.of(1) },
        { a: { data: new Float32Array(6), shape: [2, 2] } },
        { a: { data: new Float32Array(6), shape: [6] } },
        { a: { data: new Float32Array(6), shape: [2, 3], order: "C" } },
        { [Symbol("a")]: Int8Array.of(1) },
        { get a() { return Int8Array.of(1); } }, // biome-ignore format: one line says it
        JSON.parse('{"__proto__": {}}'),
        ...["..", "../a", "/a", "a/../b", "a//b", "a/", "a\\b", "C:a", "a\0", "a\n", "\ud800", "x".repeat(2000)].map(
          (name) => ({ [name]: Int8Array.of(1) }),
        ),
      ],
    },
  );

  test("any arrays come back, in the order of their names", async () => {
    const array = fc.oneof(
      fc.float64Array({ maxLength: 40 }),
      fc.float32Array({ maxLength: 40 }),
      fc.int8Array({ maxLength: 40 }),
      fc.uint16Array({ maxLength: 40 }),
      fc.bigInt64Array({ maxLength: 40 }),
    );
    const member = array.chain((data) =>
      fc.constantFrom<NpzPayload[string]>(
        data as NpyArray,
        { data: data as NpyArray, shape: [data.length, 1] },
        { data: data as NpyArray, shape: [1, data.length, 1] },
      ),
    );
    const payloads = fc.dictionary(fc.stringMatching(/^[a-z0-9]{0,12}$/), member, { noNullPrototype: true });
    await fc.assert(
      fc.asyncProperty(payloads, async (payload) => {
        expect(sameValue(await reload(npz({ compressed }), payload), payload)).toBe(true);
      }),
      { numRuns: runs },
    );
  });
});

test("numbers that are not compressed are written from where they are, and read where they lie", async () => {
  const big = Float64Array.from({ length: 5000 }, Math.sqrt);
  const written = await npz().encode({ small: Int8Array.of(1), big });
  expect(written.some(({ buffer }) => buffer === big.buffer)).toBe(true);
  const bytes = new Uint8Array(Buffer.concat(written)).slice();
  const loaded = await npz().decode<{ big: Float64Array }>(bytes, defaultDecodeLimits);
  expect(loaded.big.buffer).toBe(bytes.buffer);
  expect(loaded.big).toEqual(big);
});

test("more than one piece of compressed numbers comes back", async () => {
  const payload = {
    noise: Float64Array.from({ length: 1_200_000 }, (_, i) => Math.sin(i)),
    zeros: new Int32Array(2_000_000),
  };
  expect(sameValue(await reload(npz({ compressed: true }), payload), payload)).toBe(true);
});

test("the bytes are the same in every time zone", async () => {
  const before = process.env.TZ;
  try {
    const written: unknown[] = [];
    for (const zone of ["UTC", "Pacific/Kiritimati", "America/Los_Angeles"]) {
      process.env.TZ = zone;
      written.push(await bytesOf(npz(), every));
    }
    expect(written[1]).toEqual(written[0]);
    expect(written[2]).toEqual(written[0]);
  } finally {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  }
});

describe("bytes that others wrote", () => {
  const npy = (array: NpyArray): Uint8Array => new Uint8Array(Buffer.concat(encodeNpy(array, [array.length])));
  const decode = (files: Zippable) => npz().decode(zipSync(files), defaultDecodeLimits);
  /** Written over in place, wherever it stands. */
  const replaced = (files: Zippable, from: string, to: string): Uint8Array => {
    const archive = zipSync(files);
    return Uint8Array.from(Buffer.from(Buffer.from(archive).toString("latin1").replaceAll(from, to), "latin1"));
  };
  const refusal = (bytes: Uint8Array) => expect(async () => npz().decode(bytes, defaultDecodeLimits)).rejects;

  test("are read when another library zipped them", async () => {
    expect(await decode({ "a.npy": npy(Int8Array.of(1)), "b.npy": [npy(Float64Array.of(2)), { level: 0 }] })).toEqual({
      a: Int8Array.of(1),
      b: Float64Array.of(2),
    });
  });

  test.each([
    ["a name that leaves the folder", "../x.npy"],
    ["an absolute name", "/x.npy"],
    ["a name with a backslash", "..\\x.npy"],
    ["the name __proto__", "__proto__.npy"],
    ["another kind of file", "readme.txt"],
    ["a folder", "folder/"],
  ])("%s is refused", async (_what, name) => {
    await expect(async () => decode({ [name]: npy(Int8Array.of(1)) })).rejects.toThrow(/which is not an array/);
  });

  test("the same name twice is refused", async () => {
    const files = { "a.npy": npy(Int8Array.of(1)), "b.npy": npy(Int8Array.of(2)) };
    await refusal(replaced(files, "b.npy", "a.npy")).toThrow(/"a" twice/);
  });

  test("what is no array is refused, with its name", async () => {
    await expect(async () => decode({ "a.npy": strToU8("not an array") })).rejects.toThrow(
      /bytes of "a" are not an array/,
    );
  });

  test("a file that says to be larger than the limits is refused before memory is taken for it", async () => {
    const archive = zipSync({ "a.npy": npy(new Float64Array(100)) });
    const view = new DataView(archive.buffer);
    const central = Buffer.from(archive).indexOf("PK\u0001\u0002");
    view.setUint32(central + 24, 0xfffffff0, true);
    await expect(async () => npz().decode(archive, defaultDecodeLimits)).rejects.toThrow(DecodeLimitError);
    view.setUint32(central + 24, 60_000_000, true);
    await refusal(archive).toThrow(/a file is cut off/);
    view.setUint32(central + 24, 500, true);
    await refusal(archive).toThrow(/larger than it says/);
  });

  test("one file under many names is refused", async () => {
    const archive = zipSync({ "a.npy": npy(Int8Array.of(1)), "b.npy": npy(Int8Array.of(2)) });
    const central = Buffer.from(archive).lastIndexOf("PK\u0001\u0002");
    new DataView(archive.buffer).setUint32(central + 42, 0, true);
    await refusal(archive).toThrow(/overlap/);
  });

  test("and damaged ones do no harm", async () => {
    const samples = await Promise.all([
      bytesOf(npz(), every),
      bytesOf(npz({ compressed: true }), every),
      Promise.resolve(zipSync({ "a.npy": npy(Int8Array.of(1)), "b.npy": npy(new Float64Array(300)) })),
    ]);
    await expectHarmless(samples, mutations, (bytes, limits) => npz().decode(bytes, limits));
  });
});

test("limits end the decoding, and what they would not let back in is not written", async () => {
  const zeros = { zeros: new Uint8Array(70_000_000) };
  await expect(async () => npz({ compressed: true }).encode(zeros)).rejects.toThrow(/compresses more than 1000 to 1/);
  const bytes = await bytesOf(npz({ compressed: true }), { zeros: new Uint8Array(1_000_000) });
  const decode = (limits: object) => async () => npz().decode(bytes, resolveDecodeLimits(limits));
  await expect(decode({ maxBytes: 1_000_000 })).rejects.toThrow(/limits\.maxBytes = 1000000/);
  await expect(decode({ maxNodes: 0 })).rejects.toThrow(/limits\.maxNodes = 0/);
});

const hasNumpy = ((): boolean => {
  try {
    execFileSync("/usr/bin/python3", ["-c", "import numpy"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(!hasNumpy && process.env.CI !== "true")("NumPy (Debian: apt-get install python3-numpy)", () => {
  test.each([false, true])("reads what we wrote, compressed: %s", async (compressed) => {
    await using folder = await temporaryFolder();
    writeFileSync(folder.join("ours.npz"), await bytesOf(npz({ compressed }), { ...every, "ä/😀": Int8Array.of(1) }));
    const script = `import numpy, json, sys, zipfile
assert zipfile.ZipFile(sys.argv[1]).testzip() is None
read = numpy.load(sys.argv[1])
print(json.dumps([[name, str(read[name].dtype), list(read[name].shape), repr(read[name].ravel().tolist())] for name in read.files]))`;
    const printed = execFileSync("/usr/bin/python3", ["-c", script, folder.join("ours.npz")], { encoding: "utf8" });
    const read = JSON.parse(printed) as [string, string, number[], string][];
    expect(read.map(([name]) => name)).toEqual([...Object.keys(every), "ä/😀"]);
    expect(read[0]).toEqual(["f8", "float64", [4], "[1.5, -0.0, nan, inf]"]);
    expect(read[9]).toEqual(["u8", "uint64", [2], "[1, 9223372036854775808]"]);
    expect(read[10]).toEqual(["matrix", "float32", [2, 3], "[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]"]);
  });

  test.each(["savez", "savez_compressed"])("wrote by %s what we read", async (save) => {
    await using folder = await temporaryFolder();
    const script = `import numpy, sys
numpy.${save}(sys.argv[1] + '/theirs.npz', numpy.float64(3), matrix=numpy.arange(6, dtype='<f4').reshape(2, 3), big=numpy.arange(300000))
numpy.${save}(sys.argv[1] + '/objects.npz', a=numpy.array([{}], dtype=object))`;
    execFileSync("/usr/bin/python3", ["-c", script, folder.path]);
    const load = (name: string) => npz().decode(new Uint8Array(readFileSync(folder.join(name))), defaultDecodeLimits);
    expect(await load("theirs.npz")).toEqual({
      matrix: { data: Float32Array.of(0, 1, 2, 3, 4, 5), shape: [2, 3] },
      big: BigInt64Array.from({ length: 300_000 }, (_, i) => BigInt(i)),
      arr_0: { data: Float64Array.of(3), shape: [] },
    });
    await expect(load("objects.npz")).rejects.toThrow(DecodeError);
  });
});
