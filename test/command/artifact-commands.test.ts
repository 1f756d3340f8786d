import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { runCommand } from "../../src/command/run-command.ts";
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
    err: expect.stringMatching(/^No artifact in \S+ fits; --data-dir names another place\.\n$/),
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

test("tables are printed as CSV, whole or in part", async () => {
  await using folder = await temporaryFolder();
  const run = (...argv: string[]): ReturnType<typeof persistable> =>
    persistable(["--data-dir", folder.join("data"), ...argv]);
  const targets = [studyModule, "outlierEstimator", "zThreshold=1,2", "points.n=5000"];
  await run("run", ...targets, "-q");
  const collected = await run("collect", ...targets, "zThreshold=3", "--metrics", "measure");
  expect(collected.out).toMatch(/^zThreshold .* artifact\.state .* summary\.outliers +metrics\.doubled\n/);
  expect(collected.out).toMatch(/^3 .* missing$/m);
  const csv = (await run("collect", ...targets, "--csv")).out.split("\n");
  expect(csv[0]).toContain("artifact.address");
  expect(csv).toHaveLength(4);
  expect(parseLines((await run("collect", ...targets, "--json")).out)).toMatchObject([
    { kind: "table", rows: [{ zThreshold: 1 }, { zThreshold: 2 }] },
  ]);
  expect(await run("collect", ...targets, "--metrics", "mesure")).toMatchObject({
    exit: 2,
    err: expect.stringContaining("Did you mean measure?"),
  });
  const listed = (await run("ls", "outlier_estimator", "--csv")).out.split("\n");
  expect(listed[0]).toMatch(/^address,name,state,.*zThreshold,.*summary\.outliers/);
  expect(listed).toHaveLength(4);

  await run("run", studyModule, "rows", "-q");
  expect((await run("cat", "rows@latest", "--as", "csv")).out).toBe('id,text\r\n1,a\r\n2,"b,c"\r\n3,d\r\n');
  expect((await run("cat", "rows@latest", "--columns", "id", "--rows", "-2:")).out).toBe("id\r\n2\r\n3\r\n");
  expect((await run("cat", "rows@latest", "--as", "json", "--rows", ":1")).out).toBe('[{"id":1,"text":"a"}]\n');
  expect((await run("cat", "rows@latest", "--columns", "di")).err).toContain("Did you mean id?");
  expect((await run("cat", "points@latest", "--as", "csv")).err).toContain("is not a table");

  const { tableFromIPC } = await import("apache-arrow");
  const printed: Uint8Array[] = [];
  const stdout = { write: (bytes: Uint8Array | string) => void printed.push(Buffer.from(bytes)) };
  const streams = { stdout, stderr: { write: () => {} }, env: {} };
  expect(await runCommand(["ls", "outlier_estimator", "--arrow", "--data-dir", folder.join("data")], streams)).toBe(0);
  expect(tableFromIPC(Buffer.concat(printed)).getChild("zThreshold")?.toArray()).toHaveLength(2);
  expect(await persistable(["ls", "--arrow", "--data-dir", folder.join("data")], { isTTY: true })).toMatchObject({
    exit: 2,
    out: "",
    err: expect.stringContaining("not for a terminal"),
  });

  const path = (await run("show", "points@latest", "--path")).out.trim();
  expect(readFileSync(path).length).toBeGreaterThan(40_000);
  const why = await run("why", "outlier_estimator{zThreshold=1}", "--json");
  expect(parseLines(why.out)).toMatchObject([
    {
      kind: "why",
      state: "hit",
      nearest: [{ changes: [{ what: "param", key: "zThreshold", value: 1, nearestValue: 2 }] }],
    },
  ]);
  expect((await run("graph", "points@latest", "--down")).out.split("\n")).toHaveLength(5);
  expect((await run("graph", "points@latest")).out.split("\n")).toHaveLength(2);
});

test("a part of a table is read without the rest, and a whole payload piece by piece", async () => {
  await using folder = await temporaryFolder();
  const run = (...argv: string[]): ReturnType<typeof persistable> =>
    persistable(["--data-dir", folder.join("data"), ...argv]);
  await run("run", studyModule, "big", "-q");
  const path = (await run("show", "big@latest", "--path")).out.trim();
  const bytes = readFileSync(path);
  expect((await run("cat", "big@latest", "-o", folder.join("copy"))).exit).toBe(0);
  expect(readFileSync(folder.join("copy")).equals(bytes)).toBe(true);
  const last = (await run("cat", "big@latest", "--columns", "y", "--rows", "-1:")).out;
  expect(last).toBe("y\r\n-1199999\r\n");

  // The damage is in the second column: neither in the first eight megabytes, nor in the last ones.
  bytes[12_000_000] = (bytes[12_000_000] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  expect((await run("cat", "big@latest", "--columns", "x", "--rows", "1:3")).out).toBe("x\r\n1\r\n2\r\n");
  expect((await run("cat", "big@latest", "--columns", "z", "--rows", "1:3")).err).toContain("no column z");
  const whole = await run("cat", "big@latest", "-o", folder.join("damaged"));
  expect(whole).toMatchObject({ exit: 5, out: "" });
  expect(existsSync(folder.join("damaged"))).toBe(false);
  expect((await run("cat", "big@latest", "--columns", "y")).exit).toBe(5);
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
