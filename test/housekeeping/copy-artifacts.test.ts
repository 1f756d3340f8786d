import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { sourcePath } from "../../src/artifact/layout/artifact-paths.ts";
import { directory } from "../../src/format/stored/directory-format.ts";
import { copyArtifacts } from "../../src/housekeeping/copy-artifacts.ts";
import { verifyArtifacts } from "../../src/housekeeping/verify-artifacts.ts";
import { definePersistable, typedParams } from "../../src/persistable/define-persistable.ts";
import { acceptSource } from "../../src/persistable/load/accepted-source.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { estimatorBefore, estimatorToday } from "./changed-estimators.ts";

const points = definePersistable({
  name: "points",
  params: typedParams<{ n: number }>(),
  generate: ({ params }) => new Float64Array(params.n),
});
const pages = definePersistable({
  name: "Pages of points",
  dependencies: { points },
  format: directory(),
  generate: async ({ workDir, dependencies }) => {
    await mkdir(path.join(workDir, "deep"));
    await writeFile(path.join(workDir, "deep", "a.txt"), String((await dependencies.points.payload).length));
    return workDir;
  },
});

test("artifacts are copied whole, with what they were made from, and a repetition copies nothing", async () => {
  await using folder = await temporaryFolder();
  const dataDir = folder.join("from");
  await pages({ points: { n: 2000 } }, { dataDir }).payload;
  await points({ n: 3 }, { dataDir }).payload;
  const to = memoryStore();
  const onlyPages = { where: ({ name }: { readonly name: string }) => name === "Pages of points" };
  expect(await copyArtifacts(dataDir, to, onlyPages)).toEqual({ copied: 1, present: 0, tags: 0, problems: [] });
  expect(await copyArtifacts(dataDir, to, { ...onlyPages, withUpstream: true })).toMatchObject({
    copied: 1,
    present: 1,
  });
  expect(await copyArtifacts(dataDir, memoryStore(), { query: "points n>3" })).toMatchObject({ copied: 1 });
  const back = folder.join("back");
  expect(await copyArtifacts(to, back)).toMatchObject({ copied: 2 });
  expect(await verifyArtifacts(back)).toMatchObject({ verified: 2, intact: 2 });
  const loaded = await pages({ points: { n: 2000 } }, { dataDir: back }).load();
  expect(await readFile(path.join(String(loaded), "deep", "a.txt"), "utf8")).toBe("2000");
  await expect(copyArtifacts(back, back)).rejects.toThrow("twice");
});

test("the source that was kept of artifacts and the changes of it that were accepted come with them", async () => {
  const [from, to] = [memoryStore(), memoryStore()];
  const [before, today] = [estimatorBefore, estimatorToday];
  for (const n of [1, 2]) await before({ n }, { dataDir: from }).payload;
  for (const dataDir of [from, to])
    await expect(today({ n: 1 }, { dataDir }).load()).rejects.toThrow(/source|persisted/);
  const { address } = today({ n: 1 }, { dataDir: from });
  const recorded = String((await before({ n: 1 }, { dataDir: from }).record())?.provenance.source);
  await today({ n: 3 }, { dataDir: to }).payload;
  const accepted = String((await today({ n: 3 }, { dataDir: to }).record())?.provenance.source);
  await acceptSource(from, { name: "estimator", address, recorded, accepted }, {});
  expect(await today({ n: 1 }, { dataDir: from }).load()).toBe(1);
  expect(await copyArtifacts(from, to)).toMatchObject({ copied: 2, problems: [] });
  expect(await today({ n: 1 }, { dataDir: to }).load()).toBe(1);
  await expect(today({ n: 2 }, { dataDir: to }).load()).rejects.toThrow(/source/);
  expect(await to.read(sourcePath("estimator", recorded))).toEqual(await from.read(sourcePath("estimator", recorded)));
  expect(await to.read(sourcePath("estimator", recorded))).toBeDefined();
});

test("damaged artifacts and other payloads of a recipe are told of, and not copied", async () => {
  await using folder = await temporaryFolder();
  const [from, to] = [folder.join("from"), folder.join("to")];
  for (const n of [2000, 3000, 4]) await points({ n }, { dataDir: from }).payload;
  const one = points({ n: 2000 }, { dataDir: from });
  const payload = (await readdir(path.join(from, "points"))).find(
    (name) => name.startsWith(`${one.address}.`) && !name.endsWith(`${one.address}.json`),
  );
  await writeFile(path.join(from, "points", payload ?? ""), new Uint8Array(16_000));
  await points({ n: 4 }, { dataDir: to }).payload;
  const report = await copyArtifacts(from, to);
  expect(report).toMatchObject({ copied: 1, present: 0 });
  expect(report.problems.map(({ outcome }) => outcome).sort()).toEqual(["damaged", "different"]);
  expect((await readdir(path.join(to, "points"))).some((name) => name.startsWith(one.address))).toBe(false);
});

test("a copy that is broken off leaves whole artifacts, and goes on when it is repeated", async () => {
  const [from, to] = [memoryStore(), memoryStore()];
  for (let n = 2000; n < 2010; n++) await points({ n }, { dataDir: from }).payload;
  const stop = new AbortController();
  const onProgress = ({ done }: { readonly done: number }) => done >= 3 && stop.abort(new Error("enough"));
  await expect(copyArtifacts(from, to, { signal: stop.signal, onProgress })).rejects.toThrow("enough");
  const { verified, problems } = await verifyArtifacts(to);
  expect(verified).toBeGreaterThanOrEqual(3);
  expect(problems).toEqual([]);
  const { copied, present } = await copyArtifacts(from, to);
  expect(copied + present).toBe(10);
  expect(present).toBe(verified);
});
