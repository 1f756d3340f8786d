import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defaultDecodeLimits } from "../../src/format/decode-limits.ts";
import { parquetCodec } from "../../src/format/parquet-format.ts";
import type { ColumnTable } from "../../src/table/column-table.ts";
import { anyTable, everyType } from "../support/any-table.ts";

async function bytesOf(codec: ReturnType<typeof parquetCodec>, table: ColumnTable): Promise<Uint8Array> {
  await codec.check(table);
  return new Uint8Array(Buffer.concat(await codec.encode(table)));
}

describe("parquet", () => {
  test("gives back every table of every type of column, over several row groups", async () => {
    const codec = parquetCodec({ rowGroupRows: 7 });
    await fc.assert(
      fc.asyncProperty(fc.oneof(anyTable, everyType(20)), async (table) => {
        const bytes = await bytesOf(codec, table);
        expect(await codec.decode(bytes, defaultDecodeLimits)).toStrictEqual(table);
      }),
      { numRuns: 300 },
    );
  });
});
