import { expectTypeOf, test } from "vitest";
import { csv } from "../../src/entry/formats/csv.ts";
import { npz } from "../../src/entry/formats/npz.ts";
import { records } from "../../src/entry/formats/records.ts";
import {
  definePersistable,
  type Format,
  type FormatFor,
  gzip,
  npy,
  type UniversalFormat,
} from "../../src/entry/index.ts";

declare const numbers: FormatFor<readonly number[]>;

test("a format of a wide type serves every narrower one", () => {
  expectTypeOf<FormatFor<unknown>>().toEqualTypeOf<UniversalFormat>();
  () => [
    numbers satisfies Format<readonly number[]>,
    numbers satisfies Format<readonly (1 | 2)[]>,
    numbers satisfies FormatFor<readonly [number, number]>,
    npy() satisfies Format<Float64Array>,
    npz() satisfies Format<{ readonly x: Float32Array }>,
    records() satisfies FormatFor<AsyncIterable<{ id: number }>>,
  ];
  expectTypeOf(gzip(numbers)).toEqualTypeOf<FormatFor<readonly number[]>>();
  const sizes = definePersistable({ name: "sizes", format: npy(), generate: () => Float32Array.of(1) });
  expectTypeOf(sizes().payload).resolves.toExtend<Float32Array>();
});

test("and no other one", () => {
  // @ts-expect-error a list of texts
  () => numbers satisfies Format<readonly string[]>;
  // @ts-expect-error an array for arrays by their names
  () => definePersistable({ name: "arrays", format: npz(), generate: () => Float32Array.of(1) });
  const people = csv({ columns: { id: "int32" }, rows: true });
  // @ts-expect-error text in a column of numbers
  () => definePersistable({ name: "people", format: people, generate: () => [{ id: "1" }] });
  // @ts-expect-error decode gives what the format holds
  () => numbers.decode<string>(new Uint8Array(), { maxBytes: 1, maxDepth: 1, maxNodes: 1, maxRatio: 1 });
});
