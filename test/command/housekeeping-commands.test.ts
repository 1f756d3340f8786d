import { appendFileSync, readdirSync, truncateSync, writeFileSync } from "node:fs";
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

test("artifacts are copied, exported and imported with their tags", async () => {
  await using folder = await temporaryFolder();
  const [data, copied, file] = [folder.join("data"), folder.join("copied"), folder.join("study.tar")];
  const run = (...argv: string[]): ReturnType<typeof persistable> => persistable(["--data-dir", data, ...argv]);
  await run("run", studyModule, "outlierEstimator", "zThreshold=1,2", "points.n=5000", "-q");
  await run("tag", "outlier_estimator{zThreshold=2}", "paper");
  expect(await run("copy", data, copied, "zThreshold>1", "--with-upstream")).toEqual({
    exit: 0,
    out: "2 artifacts were copied, 1 tag or pin came with them\n",
    err: "",
  });
  expect((await run("copy", data, copied)).out).toBe("1 artifact was copied, 2 were there already\n");
  expect(parseLines((await run("copy", data, copied, "--json")).out)).toMatchObject([
    { kind: "copy", from: data, to: copied, copied: 0, present: 3, tags: 0, problems: [] },
  ]);
  expect((await run("export", file, "--no-tags")).out).toBe("3 artifacts were copied\n");
  expect(await run("export", file)).toMatchObject({ exit: 2, err: expect.stringContaining("is there already") });
  expect((await persistable(["import", file, "--data-dir", folder.join("other")])).out).toBe(
    "3 artifacts were copied\n",
  );

  const payload = readdirSync(`${data}/points`).find((name) => !name.endsWith(".json"));
  writeFileSync(`${data}/points/${payload}`, "x".repeat(40_000));
  const damaged = await run("copy", data, folder.join("third"));
  expect(damaged).toMatchObject({ exit: 5, err: "" });
  expect(damaged.out).toMatch(/^2 artifacts were copied, 1 tag .*\n {2}damaged points\/[0-9a-f]{8}: /);
  truncateSync(file, 2000);
  const cut = await persistable(["import", file, "--data-dir", folder.join("fourth"), "--json"]);
  expect(cut).toMatchObject({ exit: 5, out: "" });
  expect(parseLines(cut.err)).toMatchObject([{ code: "PERSISTABLE_INVALID_ARCHIVE", exit: 5 }]);
  expect(readdirSync(folder.path).sort()).toEqual(["copied", "data", "other", "study.tar", "third"]);
});

test("a definition that is renamed with an alias finds its artifacts, and one without does not", async () => {
  await using folder = await temporaryFolder();
  const run = (...argv: string[]): ReturnType<typeof persistable> =>
    persistable(["--data-dir", folder.join("data"), ...argv]);
  await run("run", studyModule, "points", "n=1,2", "-q");
  expect((await run("rename", "points", "dots")).out).toBe(
    'points has 2 artifacts. Write in its definition:\n  name: "dots", aliases: ["points"],\n',
  );
  const all = await run("rename", "points", "dots", studyModule, "--exit-code");
  expect(all).toEqual({
    exit: 0,
    out: expect.stringMatching(/^2 of 2 artifacts of points are found by dots of/),
    err: "",
  });
  const none = await run("rename", "points", "spots", studyModule, "--exit-code");
  expect(none.exit).toBe(4);
  expect(none.out).toMatch(/^0 of 2 .*\n {2}[0-9a-f]{8} is not found\n/);
  expect(none.err).toContain('Write aliases: ["points"]');
  const told = await run("rename", "points", "spots", studyModule, "--json");
  expect(parseLines(told.out)).toMatchObject([
    { kind: "rename", from: "points", to: "spots", aliases: ["points"], artifacts: 2, lost: [{}, {}] },
  ]);
});

test.each([
  [["rename", "points", "points"], "The new name is the old one."],
  [["rename", "pionts", "dots"], "has the name pionts."],
  [["rename", "points", "letters", studyModule], "is not what definePersistable gave"],
  [["rename", "points", "outlierEstimator", studyModule], "has the name outlier_estimator"],
  [["copy", "one"], "Name two data directories."],
  [["copy", "one", "one"], "Give two different stores."],
  [["export"], "Name the file to write."],
  [["import", "missing.tar"], "There is no file missing.tar."],
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
