import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { parseLines, persistable, studyModule } from "./run-in-process.ts";

test("artifacts are listed, shown, printed and compared by queries, addresses and params", async () => {
  await using folder = await temporaryFolder();
  const run = (...argv: string[]): ReturnType<typeof persistable> =>
    persistable(["--data-dir", folder.join("data"), ...argv]);
  await run("run", studyModule, "outlierEstimator", "zThreshold=1,2,3", "points.n=10", "-q");
  const failed = await run("run", studyModule, "outlierEstimator", "zThreshold=99", "points.n=10", "-q");
  expect(failed.exit).toBe(1);

  const listed = await run("ls", "outlier_estimator", "state=present", "--sort", "zThreshold");
  expect(listed.out.split("\n")[0]).toMatch(/^address +name +zThreshold +summary\.outliers +made +took +size$/);
  expect(listed.out).not.toContain("points.n");
  expect(listed.out.split("\n")).toHaveLength(5);
  expect((await run("ls", "outlier_estimator", "zThreshold>1", "state=present", "--count")).out).toBe("2\n");
  const [all] = parseLines((await run("ls", "--json", "-n", "2")).out);
  expect(all).toMatchObject({ kind: "artifacts", total: 5, artifacts: { length: 2 } });
  expect(await run("ls", "outlier_estimator", "zThreshold>7", "state=present")).toMatchObject({
    exit: 0,
    out: "",
    err: "No artifact fits.\n",
  });
  expect((await run("ls", "zThreshold>>1")).exit).toBe(2);

  const two = "outlier_estimator{zThreshold=2}";
  expect((await run("show", two)).out).toContain("zThreshold 2");
  expect(JSON.parse((await run("show", two, "--record")).out)).toMatchObject({ name: "outlier_estimator" });
  expect(parseLines((await run("show", two, "--json")).out)).toMatchObject([
    { kind: "artifact", preview: { kind: "tree" } },
  ]);
  expect(JSON.parse((await run("cat", two, "--as", "json")).out)).toEqual({ outliers: expect.any(Number) });
  expect((await run("cat", two, "-o", folder.join("payload"))).exit).toBe(0);
  expect(readFileSync(folder.join("payload")).length).toBeGreaterThan(0);
  const onTerminal = await persistable(["cat", two, "--data-dir", folder.join("data")], { isTTY: true });
  expect(onTerminal).toMatchObject({ exit: 2, out: "", err: expect.stringContaining("is not text") });

  const one = "outlier_estimator{zThreshold=1}";
  const differing = await run("diff", one, two, "--exit-code");
  expect(differing.exit).toBe(4);
  expect(differing.out).toMatch(/^zThreshold +1 +2$/m);
  expect(differing.out).not.toContain("points.n");
  expect((await run("diff", one, two, "--all", "--md")).out).toMatch(/^\| points\.n \| 10 \| 10 \|$/m);
  expect(parseLines((await run("diff", one, two, "--json")).out)).toMatchObject([
    { kind: "diff", artifacts: [{}, {}] },
  ]);
});

describe("an artifact that does not exist, or is not one, ends with exit code 2", () => {
  test.each([[["show", "abcdef"]], [["show", "nothing@latest"]], [["cat", "x"]], [["diff", "abcd"]]])(
    "%j",
    async (argv) => {
      await using folder = await temporaryFolder();
      const { exit, out, err } = await persistable([...argv, "--data-dir", folder.path, "--json"]);
      expect({ exit, out }).toEqual({ exit: 2, out: "" });
      expect(parseLines(err)).toMatchObject([{ kind: "error", exit: 2 }]);
    },
  );
});
