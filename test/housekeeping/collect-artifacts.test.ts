import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { InvalidQueryError } from "../../src/errors/catalog-errors.ts";
import { DefinitionError } from "../../src/errors/persistable-errors.ts";
import { structured } from "../../src/format/built-in/built-in-formats.ts";
import { collectArtifacts } from "../../src/housekeeping/collect-artifacts.ts";
import type { CollectionPlan } from "../../src/housekeeping/collection-plan.ts";
import { planCollection } from "../../src/housekeeping/plan-collection.ts";
import { pinArtifact, tagArtifact, untagArtifact } from "../../src/housekeeping/tags.ts";
import { verifyArtifacts } from "../../src/housekeeping/verify-artifacts.ts";
import { definePersistable, typedParams } from "../../src/persistable/define-persistable.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import { openStore } from "../../src/store/open/open-store.ts";
import { readOnlyStore } from "../../src/store/read-only-store.ts";
import type { Store } from "../../src/store/store.ts";
import { buildChild } from "../support/run-child.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

const points = definePersistable({
  name: "points",
  params: typedParams<{ n: number }>(),
  generate: ({ params }) => Float64Array.from({ length: params.n }, (_, i) => i),
});

const fits = definePersistable({
  name: "Fits of points",
  params: typedParams<{ z: number }>(),
  dependencies: { points },
  format: structured(),
  generate: async ({ params, dependencies }) => (await dependencies.points.payload).length * params.z,
});

/** Makes points of 10, 20 and 30 values, and fits of the first two. */
async function makeStudy(dataDir: string | Store) {
  const made = [10, 20, 30].map((n) => points({ n }, { dataDir }));
  const fitted = [10, 20].map((n) => fits({ z: 2, points: { n } }, { dataDir }));
  for (const one of [...made, ...fitted]) {
    await one.payload;
    // Records state milliseconds: of two from the same one, neither is newer.
    await sleep(2);
  }
  return { points: made.map(({ address }) => address), fits: fitted.map(({ address }) => address) };
}

/** Each artifact of a plan by the number of its points or the address, with what becomes of it. */
function tell(plan: CollectionPlan): Record<string, string> {
  return Object.fromEntries(
    plan.decisions.flatMap((one) => (one.kind === "artifact" ? [[one.address, one.reason.code]] : [])),
  );
}

describe("a plan decides for each artifact, and removes nothing", () => {
  test("what an artifact that stays was made from stays too, and says for which", async () => {
    const dataDir = memoryStore();
    const made = await makeStudy(dataDir);
    const plan = await planCollection(dataDir, { where: ({ params }) => params.n !== undefined });
    expect(tell(plan)).toEqual({
      [made.points[0] as string]: "upstream",
      [made.points[1] as string]: "upstream",
      [made.points[2] as string]: "chosen",
      [made.fits[0] as string]: "not-asked",
      [made.fits[1] as string]: "not-asked",
    });
    const kept = plan.decisions.find((one) => one.kind === "artifact" && one.address === made.points[0]);
    expect(kept?.reason).toMatchObject({ by: made.fits[0], text: expect.stringContaining("Fits of points") });
    expect(plan.removes).toMatchObject({ artifacts: 1 });
    expect(plan.keeps).toMatchObject({ artifacts: 4 });
    expect(await points({ n: 30 }, { dataDir }).isPersisted()).toBe(true);
    // It is plain data.
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });

  test("by age, by last use, by the number of each name, and by size, all of which have to agree", async () => {
    const dataDir = memoryStore();
    const made = await makeStudy(dataDir);
    const later = { nowMs: Date.now() + 10 * DAY_MS };
    const removed = async (policy: Parameters<typeof planCollection>[1], options = later): Promise<string[]> =>
      (await planCollection(dataDir, policy, options)).decisions.flatMap((one) =>
        one.kind === "artifact" && one.action === "remove" ? [one.address] : [],
      );
    expect(await removed({})).toEqual([]);
    expect(await removed({ olderThanMs: 11 * DAY_MS })).toEqual([]);
    expect((await removed({ olderThanMs: 9 * DAY_MS })).sort()).toEqual([...made.points, ...made.fits].sort());
    expect(await removed({ olderThanMs: 9 * DAY_MS, unusedForMs: 11 * DAY_MS })).toEqual([]);
    expect(await removed({ names: ["points"], unusedForMs: 9 * DAY_MS })).toEqual([made.points[2]]);
    expect(await removed({ query: "points n>10" })).toEqual([made.points[2]]);
    expect(await removed({ query: '"Fits of points" points.n<20', where: () => true })).toEqual([made.fits[0]]);
    expect(await removed({ query: ["points"], where: () => false })).toEqual([]);
    expect(await removed({ query: "points created>-9d" })).toEqual([]);
    await expect(planCollection(dataDir, { query: "n==3" })).rejects.toThrow(InvalidQueryError);
    const lastOne = await removed({ keepLast: 1 });
    expect(lastOne).toContain(made.fits[0]);
    expect(lastOne).not.toContain(made.fits[1]);
    expect(lastOne).not.toContain(made.points[1]);
    // Each before everything that it was made from.
    expect(lastOne.indexOf(made.fits[0] as never)).toBeLessThan(lastOne.indexOf(made.points[0] as never));
    const { sizeBytes } = (await planCollection(dataDir, {})).keeps;
    expect(sizeBytes).toBe(0);
    const all = (await planCollection(dataDir, { maxBytes: Number.MAX_SAFE_INTEGER })).keeps.sizeBytes;
    expect(await removed({ maxBytes: all })).toEqual([]);
    expect(await removed({ maxBytes: all - 1 })).toHaveLength(1);
    expect(await removed({ maxBytes: 0 })).toHaveLength(5);
    await expect(planCollection(dataDir, { olderThan: 5 } as never)).rejects.toThrow("has no condition");
    await expect(planCollection(dataDir, { keepLast: Number.NaN })).rejects.toThrow(DefinitionError);
  });

  test("tags and pins keep artifacts with all that they were made from", async () => {
    const dataDir = memoryStore();
    const made = await makeStudy(dataDir);
    await tagArtifact(dataDir, made.fits[0] as string, "paper: figure 3");
    await pinArtifact(dataDir, `points/${made.points[2]?.slice(0, 8)}`);
    const plan = await planCollection(dataDir, { keepLast: 0 });
    expect(tell(plan)).toEqual({
      [made.fits[0] as string]: "tagged",
      [made.points[0] as string]: "upstream",
      [made.points[2] as string]: "pinned",
      [made.fits[1] as string]: "chosen",
      [made.points[1] as string]: "chosen",
    });
    await untagArtifact(dataDir, "Fits of points", "paper: figure 3");
    expect((await planCollection(dataDir, { keepLast: 0 })).removes.artifacts).toBe(4);
  });

  test("what a record that cannot be read may have been made from stays", async () => {
    const dataDir = memoryStore();
    const made = await makeStudy(dataDir);
    const folder = (await dataDir.listFolder?.(""))?.folders.find((name) => name.startsWith("Fits"));
    const record = `${folder}/${made.fits[0]}.json` as never;
    const text = Buffer.from((await dataDir.read(record)) ?? []).toString();
    await dataDir.replace(record, [Buffer.from(text.replace('"record": 1', '"record": 99'))]);
    expect(tell(await planCollection(dataDir, { keepLast: 0 }))).toMatchObject({
      [made.fits[0] as string]: "unreadable",
      [made.points[0] as string]: "upstream",
      [made.points[1] as string]: "chosen",
    });
  });

  test("orphans, unfinished writes, old logs and what was set aside are told one by one", async () => {
    await using folder = await temporaryFolder();
    const dataDir = folder.path;
    await makeStudy(dataDir);
    const address = "ab".repeat(32);
    const old = {
      orphan: `points/${address}.0123abcd.structured`,
      quarantine: `.persistable/quarantine/points/${"c".repeat(12)}-${address}.json`,
      run: ".persistable/runs/20260101T000000-1.json",
      log: "points.log",
      failure: `points/${address}.failed.json`,
      temporary: ".persistable/tmp/somebody~1",
    };
    const past = new Date(Date.now() - 40 * DAY_MS);
    for (const file of Object.values(old)) {
      await mkdir(path.join(dataDir, path.dirname(file)), { recursive: true });
      await writeFile(path.join(dataDir, file), "x".repeat(1000));
      await utimes(path.join(dataDir, file), past, past);
    }
    const plan = await planCollection(dataDir, {
      ...{ orphans: true, temporary: true },
      ...{ quarantineOlderThanMs: 30 * DAY_MS, logsOlderThanMs: 30 * DAY_MS, runsOlderThanMs: 30 * DAY_MS },
    });
    const told = plan.decisions.map((one) =>
      one.kind === "artifact" ? [] : [one.kind, one.paths.join(), one.sizeBytes],
    );
    expect(told.sort()).toEqual(
      Object.entries(old)
        .map(([kind, file]) => [kind, file, 1000])
        .sort(),
    );
    const unchanged = { ...plan, decisions: plan.decisions.slice(0) };
    await writeFile(path.join(dataDir, old.log), "a new line");
    const { removed, skipped } = await collectArtifacts(dataDir, unchanged);
    expect(removed).toHaveLength(5);
    expect(skipped.map(({ why }) => why)).toEqual(["it has changed since"]);
    expect(await readFile(path.join(dataDir, old.log), "utf8")).toBe("a new line");
    const forged = [{ ...plan.decisions[0], kind: "log", paths: [`points/${address}.json`] }];
    const result = await collectArtifacts(dataDir, { ...plan, decisions: forged as never });
    expect(result.skipped[0]?.why).toContain("its path is not that");
  });
});

describe("collecting carries a plan out", () => {
  test("and looks at each artifact again: what is needed, new, tagged or in use by now stays", async () => {
    await using folder = await temporaryFolder();
    const dataDir = folder.path;
    const made = await makeStudy(dataDir);
    const plan = await planCollection(dataDir, { keepLast: 0 });
    expect(plan.removes.artifacts).toBe(5);
    // A new artifact is made from the first points, which the plan would remove.
    await fits({ z: 3, points: { n: 10 } }, { dataDir }).payload;
    // The second fit gets a tag, and the third points are generated again.
    await tagArtifact(dataDir, made.fits[1] as string, "paper");
    await points({ n: 30 }, { dataDir }).generate();
    const seen: string[] = [];
    const { removed, skipped, sizeBytes } = await collectArtifacts(dataDir, JSON.parse(JSON.stringify(plan)), {
      onProgress: ({ decision, skipped: why, done, total }) => seen.push(`${done}/${total} ${why ?? decision.action}`),
    });
    expect(seen).toHaveLength(5);
    expect(removed.map((one) => (one.kind === "artifact" ? one.address : ""))).toContain(made.fits[0]);
    expect(sizeBytes).toBeGreaterThan(0);
    const why = skipped.map(({ why }) => why);
    expect(why).toContain("something that stays is made from it");
    expect(why).toContain("tagged paper");
    expect(await points({ n: 10 }, { dataDir }).isPersisted()).toBe(true);
    expect(await points({ n: 20 }, { dataDir }).isPersisted()).toBe(true);
    expect((await verifyArtifacts(dataDir)).problems).toEqual([]);
    await expect(collectArtifacts(memoryStore(), plan)).rejects.toThrow("This plan is for");
    await expect(collectArtifacts(readOnlyStore(openStore(dataDir)), plan)).rejects.toThrow();
  });

  test("beside writers in other processes, which always get whole payloads", async () => {
    await using folder = await temporaryFolder();
    const dataDir = folder.path;
    const rounds = Number(process.env.PERSISTABLE_TEST_COLLECTED_ROUNDS ?? 1);
    const child = await buildChild(path.join(import.meta.dirname, "../support/collected-study-child.ts"));
    const output = [1, 2].map(() => promisify(execFile)(process.execPath, [child, dataDir, String(rounds)]));
    let areRunning = true;
    const ended = Promise.all(output).finally(() => (areRunning = false));
    let collected = 0;
    while (areRunning) {
      const plan = await planCollection(dataDir, { keepLast: 1 });
      collected += (await collectArtifacts(dataDir, plan)).removed.length;
    }
    expect((await ended).map(({ stdout }) => stdout)).toEqual(["whole\n", "whole\n"]);
    expect(collected).toBeGreaterThan(0);
    const { problems } = await verifyArtifacts(dataDir);
    expect(problems).toEqual([]);
    const later = { nowMs: Date.now() + 2 * DAY_MS };
    expect((await planCollection(dataDir, { orphans: true }, later)).decisions).toEqual([]);
    expect(await readdir(path.join(dataDir, ".persistable", "leases"))).toEqual([]);
  });
});
