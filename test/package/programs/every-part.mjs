import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { definePersistable, json, typedParams } from "persistable-ts";
import { parquet } from "persistable-ts/formats/parquet";
import { table } from "persistable-ts/formats/table";
import { collect, persistableMap, plan, run, sweep } from "persistable-ts/pipeline";

async function main() {
  const dataDir = mkdtempSync(join(tmpdir(), "persistable-realm-"));
  const isBun = "Bun" in globalThis;
  const told = {};
  try {
    const points = definePersistable({
      name: "points",
      params: typedParams(),
      ...(isBun ? { format: json() } : {}),
      generate: ({ params }) =>
        isBun
          ? { list: [params.n] }
          : { list: [params.n], map: new Map([["a", new Date(0)]]), values: Float64Array.of(1, 2) },
    });
    const total = definePersistable({
      name: "total",
      params: typedParams(),
      dependencies: { points },
      format: json(),
      generate: async ({ dependencies }) => ({ total: (await dependencies.points.payload).list[0] + 1 }),
    });
    const study = sweep(total, { points: { n: [1, 2, 3] } }, { dataDir });
    told.planned = (await plan(study)).nodes.length;
    told.generated = (await run(study)).generated;
    told.hits = (await run(study)).hits;
    told.rows = (await collect(study)).length;
    const loaded = await points({ n: 1 }, { dataDir }).load();
    told.types = isBun
      ? true
      : loaded.map instanceof Map &&
        loaded.map.get("a") instanceof Date &&
        loaded.values instanceof Float64Array &&
        Array.isArray(loaded.list);
    const items = persistableMap({
      name: "items",
      item: (item) => item,
      ...(isBun ? { format: json() } : {}),
      generateBatch: ({ items }) => items.map((item) => ({ item })),
    });
    told.items = (await items({}, { dataDir }).load(["a", "b"])).map(({ item }) => item).join("");
    const rows = definePersistable({ name: "rows", format: table({ rows: true }), generate: () => [{ a: 1, b: "x" }] });
    await rows({}, { dataDir }).payload;
    told.table = (await rows({}, { dataDir }).load())[0].b;
    const missing = definePersistable({ name: "missing", format: parquet({ rows: true }), generate: () => [{ a: 1 }] });
    told.missing = await missing({}, { dataDir }).payload.then(
      () => "none",
      (error) => error.code,
    );
    told.bucket = await points({ n: 1 }, { dataDir: "s3://bucket/prefix" })
      .load()
      .then(
        () => "none",
        (error) => error.code,
      );
    if (isBun) {
      const structuredOne = definePersistable({ name: "structured_one", generate: () => ({ a: 1 }) });
      told.structured = await structuredOne({}, { dataDir }).payload.then(
        () => "works",
        (error) => error.message,
      );
    }
  } catch (error) {
    told.failure = `${error?.stack ?? error}`;
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
void main();
