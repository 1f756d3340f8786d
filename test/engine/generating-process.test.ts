import { existsSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { ServedJob } from "../../src/engine/engine.ts";
import { GeneratingProcess } from "../../src/serving/generating-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Gets ready once a file is there, and never ends a job. */
const script = `
import { existsSync, writeFileSync } from "node:fs";
const folder = process.argv[2];
process.on("message", ({ kind }) => {
  if (kind === "run") writeFileSync(folder + "/begun", "");
  if (kind !== "begin") return;
  writeFileSync(folder + "/starting", "");
  setInterval(() => existsSync(folder + "/go") && process.send({ kind: "ready", pools: [] }), 10);
});
`;

test("a job that is cancelled while its process starts is never begun", async () => {
  await using folder = await temporaryFolder();
  writeFileSync(folder.join("child.mjs"), script);
  const process = new GeneratingProcess({
    command: [folder.join("child.mjs"), folder.path],
    file: "",
    dataDir: "",
    worker: "",
    onSkew: () => ({ kind: "returned" }),
  });
  const controller = new AbortController();
  const job: ServedJob = { id: "it", data: {}, isRepeated: false, signal: controller.signal, tell: () => {} };
  const ending = process.run(job);
  await expect.poll(() => existsSync(folder.join("starting"))).toBe(true);
  controller.abort();
  writeFileSync(folder.join("go"), "");
  expect(await ending).toMatchObject({ kind: "failed", error: { cancelled: true } });
  await process.end();
  expect(existsSync(folder.join("begun"))).toBe(false);
});
