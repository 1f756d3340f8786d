import { collect, plan, run } from "persistable-ts/pipeline";
import { expect, test } from "vitest";
import { promptStudy } from "../../examples/prompt-evaluation/evaluation.ts";
import { startStandIn } from "../../examples/prompt-evaluation/stand-in.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("three trials of each point are asked for once, with their cost, and the second time it is free", async () => {
  await using folder = await temporaryFolder();
  await using standIn = await startStandIn();
  const study = promptStudy(standIn.url, { dataDir: folder.path });
  await run(await plan(study));
  expect(standIn.asked).toBe(2 * 2 * 3 * 4);
  const { rows } = await collect(study);
  expect(rows.length).toBe(12);
  expect(rows.map((row) => row["artifact.draw"])).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
  for (const row of rows) {
    expect(row["cost.inputTokens"]).toBe(80);
    expect(Number(row["cost.usd"])).toBeGreaterThan(0);
    if (row.prompt === "Answer in one word.") expect(row["summary.share"]).toBe(1);
  }
  expect(rows.some((row) => Number(row["summary.share"]) < 1)).toBe(true);
  await using silent = await startStandIn();
  const again = promptStudy(silent.url, { dataDir: folder.path });
  const planned = await plan(again);
  await run(planned);
  expect([silent.asked, planned.counts.miss]).toEqual([0, 0]);
  expect((await collect(again)).rows.map((row) => row["summary.share"])).toEqual(
    rows.map((row) => row["summary.share"]),
  );
});
