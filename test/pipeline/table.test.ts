import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { tableFromIPC } from "apache-arrow";
import { describe, expect, test } from "vitest";
import { definePersistable, memoryStore, typedParams } from "../../src/entry/index.ts";
import { collect } from "../../src/entry/pipeline.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Values of every kind, in two rows; the second one is not there. */
async function oddTable() {
  const odd = definePersistable({
    name: "odd",
    params: typedParams<{
      text: string;
      n: number;
      big: bigint;
      on: boolean;
      at: Date;
      list: number[];
      none: null;
      tags: Set<string>;
    }>(),
    generate: () => 1,
    summarize: () => ({ score: -0.5 }),
  });
  const dataDir = memoryStore();
  const shared = { big: 2n ** 60n, on: true, at: new Date(0), list: [1, 2], none: null, tags: new Set(["a"]) };
  const targets = [
    odd({ text: 'comma, "quote"\nline', n: -0, ...shared }, { dataDir }),
    odd({ text: "=1+1", n: Number.NaN, ...shared }, { dataDir }),
  ];
  await targets[0]?.payload;
  return collect(targets);
}

describe("a table", () => {
  test("is written as CSV", async () => {
    const csv = (await oddTable()).toCsv();
    const [header, ...lines] = csv.split(/\n(?=[^l])/);
    expect(header).toMatch(/^text,n,big,on,at,list,none,tags,artifact\.name,artifact\.address,artifact\.state,/);
    expect(lines[0]).toMatch(
      /^"comma, ""quote""\nline",-0,1152921504606846976,true,1970-01-01T00:00:00\.000Z,"\[1,2\]",,"\[""a""\]",odd,[0-9a-f]{64},persisted/,
    );
    expect(lines[1]).toMatch(/^=1\+1,NaN,/);
  });

  const python = ["/usr/bin/python3", "/usr/local/bin/python3"].find((file) => existsSync(file));
  test.skipIf(python === undefined && process.env.CI !== "true")("Python's csv reads the same", async () => {
    await using folder = await temporaryFolder();
    const table = await oddTable();
    const file = path.join(folder.path, "table.csv");
    writeFileSync(file, table.toCsv());
    const script = "import csv, json, sys; print(json.dumps(list(csv.DictReader(open(sys.argv[1], newline='')))))";
    const read = JSON.parse(execFileSync(python ?? "python3", ["-c", script, file], { encoding: "utf8" }));
    expect(read.map((row: { text: string }) => row.text)).toEqual(['comma, "quote"\nline', "=1+1"]);
    expect(Object.keys(read[0])).toEqual(table.columns);
    expect(read[1]["artifact.state"]).toBe("missing");
    expect(read[1]["summary.score"]).toBe("");
  });

  test("is written as CSV without formulas where it is told to, negative numbers as they are", async () => {
    const odd = definePersistable({
      name: "odd",
      params: typedParams<{ text: string; n: number; "@x": string }>(),
      generate: () => 1,
    });
    const texts = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "'quoted", "plain"];
    const dataDir = memoryStore();
    const table = await collect(texts.map((text) => odd({ text, n: -1, "@x": "" }, { dataDir })));
    // None of these texts needs quotes.
    const written = table.toCsv({ escapeFormulas: true }).trimEnd().split("\n");
    const [header, ...lines] = written.map((line) => line.split(","));
    expect(header?.slice(0, 3)).toEqual(["text", "n", "'@x"]);
    expect(lines.map((line) => line[0])).toEqual(["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\t=1", "'quoted", "plain"]);
    expect(lines.every((line) => line[1] === "-1")).toBe(true);
    expect(table.toCsv()).toContain("\n=1+1,-1,");
  });

  test("is written as JSON, without what is not there", async () => {
    const read = JSON.parse((await oddTable()).toJson());
    expect(read[0]).toMatchObject({
      n: "-0",
      big: "1152921504606846976",
      at: "1970-01-01T00:00:00.000Z",
      list: [1, 2],
      none: null,
      tags: ["a"],
    });
    expect(read[1]).toMatchObject({ n: "NaN", "artifact.state": "missing" });
    expect("summary.score" in read[1]).toBe(false);
  });

  test("is written as Arrow, with types", async () => {
    const table = await oddTable();
    const arrow = tableFromIPC(await table.toArrow());
    expect(arrow.schema.fields.map(({ name }) => name)).toEqual(table.columns);
    const types = Object.fromEntries(arrow.schema.fields.map(({ name, type }) => [name, String(type)]));
    expect(types).toMatchObject({
      text: "Utf8",
      n: "Float64",
      big: "Int64",
      on: "Bool",
      at: "Timestamp<MILLISECOND, UTC>",
      list: "Utf8",
      "summary.score": "Float64",
    });
    expect(arrow.getChild("summary.score")?.toArray()).toBeDefined();
    expect([...(arrow.getChild("summary.score") ?? [])]).toEqual([-0.5, null]);
    expect([...(arrow.getChild("big") ?? [])]).toEqual([2n ** 60n, 2n ** 60n]);
    expect([...(arrow.getChild("list") ?? [])]).toEqual(["[1,2]", "[1,2]"]);
  });

  test("of nothing is empty", async () => {
    const table = await collect([]);
    expect(table.rows).toEqual([]);
    expect(table.toJson()).toBe("[]\n");
  });
});
