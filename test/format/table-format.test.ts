import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { table } from "../../src/entry/formats/table.ts";
import { formatConformance } from "../../src/entry/testing.ts";
import {
  DecodeError,
  InvalidColumnTableError,
  NewerPayloadError,
  UnsupportedPayloadError,
} from "../../src/errors/format-errors.ts";
import { defaultDecodeLimits } from "../../src/format/decode-limits.ts";
import type { DecodeLimits, SelectColumns } from "../../src/format/format.ts";
import { ColumnTable } from "../../src/table/column-table.ts";
import { tableFromRows } from "../../src/table/table-from-rows.ts";
import { anyTable, everyType } from "../support/any-table.ts";
import { countedSource } from "../support/counted-source.ts";
import { expectHarmlessTables } from "../support/damaged-copies.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const runs = Number(process.env.PERSISTABLE_TABLE_RUNS ?? 15);
const mutations = Number(process.env.PERSISTABLE_MUTATIONS ?? 40);
const python = "/usr/bin/python3";

const cyclic: Record<string, unknown> = {};
cyclic.self = cyclic;

const rows = [
  {
    id: 1,
    name: "a",
    at: new Date(0),
    big: 3n,
    raw: Uint8Array.of(1),
    deep: { x: { y: 1 }, tags: ["t", null] },
    maybe: null,
  },
  {
    id: -0,
    name: "ü\ud800",
    at: new Date(-1),
    big: -3n,
    raw: new Uint8Array(0),
    deep: { x: { y: 2 }, tags: [] },
  },
  {
    id: Number.NaN,
    name: "",
    at: new Date(1e12),
    big: 2n ** 70n,
    raw: Uint8Array.of(2, 3),
    deep: null,
    maybe: undefined,
  },
];

formatConformance(
  { describe, it },
  {
    name: "table",
    create: () => table(),
    holds: [
      rows,
      [],
      [{}, {}],
      [{ "": 1, "a.b": "x", toString: "y" }, { a: { b: 1 } }],
      [JSON.parse('{"__proto__": {"polluted": true}, "x": 1}')],
      [{ a: new Map([[1, new Set(["x"])]]) }, { a: 1 }, { a: "text" }, { a: [1, [2, [3]]] }],
      [{ a: [{ b: 1 }, { c: [true, false] }] }, { a: [] }],
      Array.from({ length: 500 }, (_, id) => ({
        id,
        kind: `k${id % 3}`,
        name: `name ${id}`,
        note: "x".repeat(id % 7),
      })),
      [{ holes: [1, undefined, 3] }, { holes: [undefined] }],
      Array.from({ length: 300 }, (_, i) => ({ map: { [`key${i}`]: i } })),
    ],
    refuses: [
      "text",
      [1],
      [{ a: () => 1 }],
      [{ a: new URL("https://example.com") }],
      [
        {
          a: {
            get b() {
              return 1;
            },
          },
        },
      ],
      [cyclic],
      tableFromRows(rows),
    ],
  },
);

formatConformance(
  { describe, it },
  {
    name: "table({ columns: true })",
    create: () => table({ columns: true }),
    holds: [tableFromRows(rows), new ColumnTable([], 0), new ColumnTable([], 3), tableFromRows([])],
    refuses: [
      rows,
      tableFromRows([{ a: Symbol("x") }]),
      new ColumnTable([{ name: "a", type: "string", values: [] }], 3),
    ],
  },
);

async function encode(payload: ColumnTable): Promise<Uint8Array> {
  const format = table({ columns: true });
  await format.check(payload as never);
  return new Uint8Array(Buffer.concat(await format.encode(payload as never)));
}

/**
 * Damaged bytes may claim that a nested value was written by a newer Node: that error is right
 * about the bytes.
 */
function decodeDamaged(bytes: Uint8Array, limits: DecodeLimits): ColumnTable {
  try {
    return table({ columns: true }).decode(bytes, limits) as unknown as ColumnTable;
  } catch (error) {
    throw error instanceof NewerPayloadError ? new DecodeError("table", error.message) : error;
  }
}

async function selectDamaged(bytes: Uint8Array, limits: DecodeLimits): Promise<ColumnTable> {
  try {
    return await selectColumns(countedSource(bytes).source, {}, limits);
  } catch (error) {
    throw error instanceof NewerPayloadError ? new DecodeError("table", error.message) : error;
  }
}

async function decode(bytes: Uint8Array): Promise<ColumnTable> {
  return table({ columns: true }).decode<ColumnTable<never>>(bytes, defaultDecodeLimits) as unknown as ColumnTable;
}

const selectColumns = table().selectColumns as SelectColumns;

describe("a table", () => {
  it("comes back, whatever its columns", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(anyTable, everyType(20)), async (payload) => {
        expect(await decode(await encode(payload))).toEqual(payload);
      }),
      { numRuns: runs },
    );
  });

  it("keeps a date that is none", async () => {
    const decoded = await decode(await encode(tableFromRows([{ at: new Date(Number.NaN) }])));
    expect((decoded.toRows()[0] as { at: Date }).at.getTime()).toBeNaN();
  });

  it("of any records comes back, in value and type", async () => {
    const value = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true });
    const record = fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("a", "b", "c", "__proto__")), value);
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          record.map((row) => ({ ...row })),
          { maxLength: 6 },
        ),
        async (given) => {
          const format = table();
          try {
            await format.check(given);
          } catch (error) {
            expect(error).toBeInstanceOf(UnsupportedPayloadError);
            return;
          }
          const bytes = new Uint8Array(Buffer.concat(await format.encode(given)));
          expect(await format.decode(bytes, defaultDecodeLimits)).toEqual(given);
        },
      ),
      { numRuns: runs },
    );
  });

  it("gives numbers as views of the file, without a copy", async () => {
    const bytes = await encode(tableFromRows(Array.from({ length: 1000 }, (_, id) => ({ id }))));
    const { columns } = await decode(bytes);
    expect((columns[0] as { values: Float64Array }).values.buffer).toBe(bytes.buffer);
  });

  it("names the row and the column of what it cannot hold", () => {
    expect(() => table().check([{ a: 1 }, { a: new URL("https://example.com") }])).toThrow(/payload\[1\]\.a /);
    expect(() => table().check([{ a: 1 }, { a: { b: { c: () => 1 } } }])).toThrow(/payload\[1\]\.a\.b\.c /);
  });

  it("is read in part, and not much else of it is", async () => {
    const payload = tableFromRows(
      Array.from({ length: 20_000 }, (_, id) => ({
        id,
        half: id / 2,
        name: `name ${id}`,
        kind: `k${id % 5}`,
        ok: id % 3 > 0,
      })),
    );
    const bytes = await encode(payload);
    for (const [selection, expected, mostBytes] of [
      [{ columns: ["half"] }, payload.select(["half"]), 20_000 * 8 + 2000],
      [{ columns: ["half"], rows: { start: 100, end: 200 } }, payload.select(["half"]).slice(100, 200), 3000],
      [
        { columns: ["kind", "id"], rows: { start: 19_990, end: 30_000 } },
        payload.select(["kind", "id"]).slice(19_990),
        23_000,
      ],
      [{ rows: { start: 5, end: 5 } }, payload.slice(5, 5), bytes.length],
      [{}, payload, bytes.length + 1000],
    ] as const) {
      const counted = countedSource(bytes);
      expect(await selectColumns(counted.source, selection, defaultDecodeLimits)).toEqual(expected);
      expect(counted.read()).toBeLessThanOrEqual(mostBytes);
    }
    const { source } = countedSource(bytes);
    await expect(selectColumns(source, { columns: ["none"] }, defaultDecodeLimits)).rejects.toThrow(
      InvalidColumnTableError,
    );
  });

  it("of damaged bytes is refused, or a sound table", async () => {
    const samples = await Promise.all([
      encode(tableFromRows(rows)),
      encode(
        tableFromRows(
          Array.from({ length: 100 }, (_, id) => ({ id, kind: `k${id % 3}`, list: [id, "x"], deep: { id } })),
        ),
      ),
      encode(new ColumnTable([], 3)),
    ]);
    await expectHarmlessTables(samples, mutations, decodeDamaged);
    await expectHarmlessTables(samples, mutations / 4, selectDamaged, 2);
  });

  it("that claims more than it has is refused before memory is taken", async () => {
    const good = await encode(tableFromRows([{ a: 1 }]));
    const text = Buffer.from(good).toString("latin1");
    for (const [from, to] of [
      ['"rows":1', '"rows":9'],
      ["[8,8]", "[0,8]"],
      ['"float64"', '"float99"'],
      ['"numbers"', '"nothing"'],
    ] as const) {
      expect(text).toContain(from);
      const bad = Uint8Array.from(Buffer.from(text.replace(from, to), "latin1"));
      await expect(decode(bad)).rejects.toThrow(DecodeError);
    }
  });

  it.skipIf(spawnSync(python, ["--version"]).status !== 0)(
    "is read by another program that knows its specification",
    async () => {
      await using folder = await temporaryFolder();
      const payload = tableFromRows([
        {
          id: 1,
          name: "a",
          ok: true,
          at: new Date(5),
          big: 7n,
          raw: Uint8Array.of(1, 2),
          deep: { x: 1, tags: ["p", "q"] },
        },
        { id: 2, name: "ü", ok: false, at: new Date(6), big: -7n, raw: Uint8Array.of(), deep: null },
        { id: 3, name: "a" },
      ]);
      writeFileSync(folder.join("a.ptbl"), await encode(payload as unknown as ColumnTable));
      const { stdout, stderr } = spawnSync(python, ["spec/check-table.py", folder.join("a.ptbl")], {
        encoding: "utf8",
      });
      expect(stderr).toBe("");
      expect(JSON.parse(stdout)).toEqual([
        { id: 1, name: "a", ok: true, at: 5, big: 7, raw: "0102", deep: { x: 1, tags: ["p", "q"] } },
        { id: 2, name: "ü", ok: false, at: 6, big: -7, raw: "", deep: null },
        { id: 3, name: "a" },
      ]);
    },
  );
});
