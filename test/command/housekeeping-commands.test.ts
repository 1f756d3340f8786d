import { appendFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { parseLines, persistable, studyModule } from "./run-in-process.ts";

test("artifacts are verified, tagged, removed and collected", async () => {
  await using folder = await temporaryFolder();
  const run = (...argv: string[]): ReturnType<typeof persistable> =>
    persistable(["--data-dir", folder.join("data"), ...argv]);
  const estimator = (z: number): string => `outlier_estimator{zThreshold=${z}}`;
  const generate = (): ReturnType<typeof persistable> =>
    run("run", studyModule, "outlierEstimator", "zThreshold=1,2,3", "points.n=5000", "-q");
  const count = async (): Promise<string> => (await run("ls", "--count")).out.trim();
  await generate();

  expect(await run("tag")).toMatchObject({ exit: 0, out: "", err: "There are no tags and no pins.\n" });
  expect((await run("tag", estimator(2), "paper")).out).toMatch(
    /^outlier_estimator@paper {2}[0-9a-f]{8} {2}just now\n$/,
  );
  expect((await run("show", "outlier_estimator@paper")).out).toContain("zThreshold 2");
  expect(await run("show", "outlier_estimator@papr")).toMatchObject({
    exit: 2,
    err: expect.stringContaining("has the tag papr. Did you mean paper?"),
  });
  expect((await run("pin", estimator(1))).out).toContain("outlier_estimator (pinned)");
  expect(parseLines((await run("tag", "--json")).out)).toMatchObject([{ kind: "tags", tags: [{}, { tag: "paper" }] }]);

  // Without --yes, nothing is removed.
  const planned = await run("gc", "--keep-last", "0");
  expect(planned.out).toMatch(/^would remove 1 artifact, .*\n {2}outlier_estimator [0-9a-f]{8} /);
  expect(planned.out).toContain("kept 3: 1 that others are made from, 1 tagged, 1 pinned");
  expect((await run("gc", "--keep-last", "0", "-v")).out).toContain("tagged paper");
  expect(parseLines((await run("gc", "--keep-last", "0", "--json")).out)).toMatchObject([
    { kind: "collection", isDone: false, removes: { artifacts: 1 }, decisions: { length: 4 } },
  ]);
  expect(await run("gc", "zThreshold=9", "--older-than", "30d")).toMatchObject({
    exit: 0,
    err: "There is nothing to remove.\n",
  });
  expect(await count()).toBe("4");

  // Nothing is removed if anything that was named has to stay.
  const refused = await run("rm", estimator(3), "points@latest", "--yes");
  expect(refused).toMatchObject({ exit: 1, out: "", err: expect.stringContaining("is made from it, and stays") });
  expect(refused.err).toContain("--cascade removes what is made from it as well.");
  const tagged = await run("rm", estimator(2), "--yes");
  expect(tagged).toMatchObject({ exit: 1, err: expect.stringContaining("tagged paper") });
  expect(await count()).toBe("4");
  expect((await run("rm", estimator(3), "--yes")).out).toMatch(/^removed 1 artifact, /);
  expect((await run("untag", "outlier_estimator@paper")).exit).toBe(0);
  expect((await run("untag", "outlier_estimator@paper")).exit).toBe(2);
  expect((await run("unpin", estimator(1))).exit).toBe(0);
  expect((await run("unpin", estimator(1))).exit).toBe(2);
  expect(parseLines((await run("rm", "points@latest", "--cascade", "--yes", "--json")).out)).toMatchObject([
    { kind: "collection", isDone: true, removed: { length: 3 }, skipped: [] },
  ]);
  expect(await count()).toBe("0");

  await generate();
  expect(await run("verify")).toMatchObject({ exit: 0, out: "4 artifacts were verified: 4 intact\n" });
  expect((await run("verify", "points", "--sample", "100%")).out).toBe("1 artifact was verified: 1 intact\n");
  const payload = readdirSync(folder.join("data/points")).find((file) => !file.endsWith(".json"));
  appendFileSync(folder.join(`data/points/${payload}`), "x");
  const damaged = await run("verify", "points");
  expect(damaged.exit).toBe(5);
  expect(damaged.out).toMatch(/^1 artifact was verified: 0 intact\n {2}damaged points [0-9a-f]{8} {2}points\//);
  expect(parseLines((await run("verify", "points", "--repair", "--json")).out)).toMatchObject([
    { kind: "verification", problems: [{ state: "damaged", repaired: "set-aside" }] },
  ]);
  expect((await run("verify")).out).toBe("3 artifacts were verified: 3 intact\n");
  expect((await run("gc", "--quarantine", "0s", "--orphans", "--yes")).out).toMatch(/^removed 1 leftover, /);
});

test.each([
  [["gc"], "Say what may be removed."],
  [["gc", "zThreshold=1"], "Say what may be removed."],
  [["gc", "--older-than", "soon"], "is not a duration"],
  [["gc", "--max-size", "much"], "is not a size"],
  [["verify", "--sample", "0"], "is not a part"],
  [["rm"], "Name an artifact."],
  [["tag", "a@latest"], "Name an artifact and one tag."],
  [["untag", "paper"], "is not a name with a tag"],
])("%j ends with exit code 2", async (argv, message) => {
  await using folder = await temporaryFolder();
  const { exit, out, err } = await persistable(["--data-dir", folder.path, ...argv]);
  expect({ exit, out }).toEqual({ exit: 2, out: "" });
  expect(err).toContain(message);
});
