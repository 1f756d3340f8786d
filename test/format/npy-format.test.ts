import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DecodeError } from "../../src/errors/format-errors.ts";
import { defaultDecodeLimits } from "../../src/format/decode-limits.ts";
import { npy } from "../../src/format/npy/npy-format.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const arrays = [
  ["float64", Float64Array.of(1.5, -0, Number.NaN, Number.POSITIVE_INFINITY)],
  ["float32", Float32Array.of(1.5, 2)],
  ["int8", Int8Array.of(-128, 127)],
  ["uint8", Uint8Array.of(0, 255)],
  ["int16", Int16Array.of(-1, 2)],
  ["uint16", Uint16Array.of(1, 65_535)],
  ["int32", Int32Array.of(-1, 2)],
  ["uint32", Uint32Array.of(1, 2)],
  ["int64", BigInt64Array.of(-1n, 2n)],
  ["uint64", BigUint64Array.of(1n, 2n ** 63n)],
] as const;

function numpyPython(): string | undefined {
  for (const python of ["/usr/bin/python3", "python3"]) {
    try {
      execFileSync(python, ["-c", "import numpy"], { stdio: "ignore" });
      return python;
    } catch {}
  }
  return undefined;
}
const python = numpyPython();

test("a file is what NumPy documents, byte by byte", async () => {
  const [header, data] = await npy().encode(Float64Array.of(1));
  expect(Buffer.from(header ?? []).toString("latin1")).toBe(
    `\x93NUMPY\x01\x00\x76\x00{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }${" ".repeat(60)}\n`,
  );
  expect((header?.length ?? 1) % 64).toBe(0);
  expect(Buffer.from(data ?? []).toString("hex")).toBe("000000000000f03f");
});

test.each(arrays)("%s comes back as the same class", async (_name, array) => {
  const file = new Uint8Array(Buffer.concat(await npy().encode(array)));
  const loaded = await npy().decode(file, defaultDecodeLimits);
  expect(loaded).toEqual(array);
  expect(loaded.constructor).toBe(array.constructor);
});

/** A file of another writer: its header of version 1, and its numbers as they lie in the file. */
function npyOf(descr: string, isFortran: boolean, shape: string, ...numbers: number[]): Uint8Array {
  const header = `{'descr': '${descr}', 'fortran_order': ${isFortran ? "True" : "False"}, 'shape': (${shape}), }`;
  const padded = `${header.padEnd(117)}\n`;
  return Uint8Array.of(0x93, ...Buffer.from("NUMPY"), 1, 0, padded.length, 0, ...Buffer.from(padded), ...numbers);
}

test("booleans, Fortran order, big-endian and half floats of others come as their values", async () => {
  const load = async (...file: Parameters<typeof npyOf>) => {
    const { data, shape } = await npy({ shaped: true }).decode(npyOf(...file), defaultDecodeLimits);
    return [Array.from(data, Number), shape];
  };
  expect(await load("|b1", false, "3,", 1, 0, 1)).toEqual([[1, 0, 1], [3]]);
  expect(await load("|u1", true, "2, 3", 1, 4, 2, 5, 3, 6)).toEqual([
    [1, 2, 3, 4, 5, 6],
    [2, 3],
  ]);
  expect(await load(">i2", false, "2,", 1, 2, 0xff, 0xfe)).toEqual([[258, -2], [2]]);
  expect(await load(">f4", false, "1,", 0x3f, 0xc0, 0, 0)).toEqual([[1.5], [1]]);
  expect(await load("<f2", false, "3,", 0, 0x38, 0, 0xc0, 0xff, 0x7b)).toEqual([[0.5, -2, 65504], [3]]);
  expect(await load(">f2", true, "2, 1", 0x38, 0, 0xc0, 0)).toEqual([
    [0.5, -2],
    [2, 1],
  ]);
});

test("a boolean other than 0 and 1 is refused", async () => {
  const [header, data] = await npy().encode(Uint8Array.of(1, 2));
  const text = Buffer.from(header ?? []).toString("latin1");
  const file = Buffer.concat([Buffer.from(text.replace("|u1", "|b1"), "latin1"), data ?? new Uint8Array()]);
  expect(() => npy().decode(new Uint8Array(file), defaultDecodeLimits)).toThrow(/a boolean is neither 0 nor 1/);
});

test("shapes are kept, and must fit the data", async () => {
  const format = npy({ shaped: true });
  for (const payload of [
    { data: new Float32Array(6), shape: [2, 3] },
    { data: new Float64Array(1), shape: [] },
    { data: new Int8Array(0), shape: [0, 4] },
  ]) {
    await format.check(payload);
    const file = new Uint8Array(Buffer.concat(await format.encode(payload)));
    expect(await format.decode(file, defaultDecodeLimits)).toEqual(payload);
  }
  expect(() => format.check({ data: new Float32Array(6), shape: [2, 2] })).toThrow(
    /payload\.shape says 4 numbers, and the data has 6/,
  );
  const matrix = new Uint8Array(Buffer.concat(await format.encode({ data: new Float32Array(6), shape: [2, 3] })));
  expect(() => npy().decode(matrix, defaultDecodeLimits)).toThrow(/shaped: true/);
});

describe.skipIf(python === undefined && process.env.CI !== "true")(
  "NumPy (Debian: apt-get install python3-numpy)",
  () => {
    test("reads what we wrote", async () => {
      await using folder = await temporaryFolder();
      for (const [name, array] of arrays)
        writeFileSync(folder.join(`${name}.npy`), Buffer.concat(await npy().encode(array)));
      writeFileSync(
        folder.join("matrix.npy"),
        Buffer.concat(await npy({ shaped: true }).encode({ data: Float64Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] })),
      );
      const script =
        "import numpy, json, sys\nfor name in sys.argv[2:]:\n a = numpy.load(sys.argv[1] + '/' + name + '.npy')\n print(json.dumps([name, str(a.dtype), list(a.shape), [repr(x) for x in a.ravel().tolist()]]))";
      const printed = execFileSync(
        python ?? "python3",
        ["-c", script, folder.path, ...arrays.map(([name]) => name), "matrix"],
        { encoding: "utf8" },
      );
      const read = printed
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as [string, string, number[], string[]]);
      expect(read.slice(0, -1).map(([name, type, shape]) => [name, type, shape])).toEqual(
        arrays.map(([name, array]) => [name, name, [array.length]]),
      );
      expect(read[0]?.[3]).toEqual(["1.5", "-0.0", "nan", "inf"]);
      expect(read.at(-1)).toEqual(["matrix", "float64", [2, 3], ["1.0", "2.0", "3.0", "4.0", "5.0", "6.0"]]);
    });

    test("wrote booleans, Fortran order, big-endian and half floats, which come as their values", async () => {
      await using folder = await temporaryFolder();
      const script = `import numpy, sys
f = sys.argv[1]
numpy.save(f + '/bool.npy', numpy.array([True, False, True]))
numpy.save(f + '/big.npy', numpy.array([1.5, -2], dtype='>f8'))
numpy.save(f + '/wide.npy', numpy.array([[1, -2], [3, 2**40]], dtype='>i8', order='F'))
numpy.save(f + '/half.npy', numpy.array([0.5, -2, 65504], dtype='<f2'))
numpy.save(f + '/bighalf.npy', numpy.array([0.5, -2], dtype='>f2'))
numpy.save(f + '/fortran.npy', numpy.asfortranarray(numpy.arange(24, dtype='<i4').reshape(2, 3, 4)))
numpy.save(f + '/empty.npy', numpy.asfortranarray(numpy.zeros((2, 0, 3))))`;
      execFileSync(python ?? "python3", ["-c", script, folder.path]);
      const load = (name: string) =>
        npy({ shaped: true }).decode(new Uint8Array(readFileSync(folder.join(`${name}.npy`))), defaultDecodeLimits);
      expect(load("bool")).toEqual({ data: Uint8Array.of(1, 0, 1), shape: [3] });
      expect(load("big")).toEqual({ data: Float64Array.of(1.5, -2), shape: [2] });
      expect(load("wide")).toEqual({ data: BigInt64Array.of(1n, -2n, 3n, 2n ** 40n), shape: [2, 2] });
      const half = await load("half");
      expect(Array.from(half.data, Number)).toEqual([0.5, -2, 65504]);
      expect(half.data.constructor.name).toBe("Float16Array" in globalThis ? "Float16Array" : "Float32Array");
      expect(Array.from((await load("bighalf")).data, Number)).toEqual([0.5, -2]);
      const numbers = Int32Array.from({ length: 24 }, (_, i) => i);
      expect(load("fortran")).toEqual({ data: numbers, shape: [2, 3, 4] });
      expect(load("empty")).toEqual({ data: new Float64Array(0), shape: [2, 0, 3] });
    });

    test("wrote what we read, and what we cannot read is refused", async () => {
      await using folder = await temporaryFolder();
      const script = `import numpy, sys
f = sys.argv[1]
numpy.save(f + '/a.npy', numpy.arange(6, dtype='<f4').reshape(2, 3))
numpy.save(f + '/text.npy', numpy.array(['a', 'bc']))
numpy.save(f + '/complex.npy', numpy.zeros(2, dtype='<c16'))
numpy.save(f + '/objects.npy', numpy.array([{}], dtype=object), allow_pickle=True)`;
      execFileSync(python ?? "python3", ["-c", script, folder.path]);
      const load = (name: string) =>
        npy({ shaped: true }).decode(new Uint8Array(readFileSync(folder.join(name))), defaultDecodeLimits);
      expect(load("a.npy")).toEqual({ data: Float32Array.of(0, 1, 2, 3, 4, 5), shape: [2, 3] });
      for (const name of ["text.npy", "complex.npy", "objects.npy"])
        expect(() => load(name), name).toThrow(DecodeError);
    });
  },
);
