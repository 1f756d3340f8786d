import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { parseLines, persistable, studyModule, type Terminal, type Transcript } from "./run-in-process.ts";

const estimator = [studyModule, "outlierEstimator"];

/** The command in a data directory of its own. */
async function inFolder(
  test: (run: (...argv: string[]) => Promise<Transcript>, folder: string) => Promise<void>,
  terminal?: Terminal,
): Promise<void> {
  await using folder = await temporaryFolder();
  await test((...argv) => persistable(["--data-dir", folder.join("data"), ...argv], terminal), folder.path);
}

/** A transcript without what changes from run to run. */
function steady(text: string): string {
  return text
    .replace(/[0-9a-f]{64}/g, "ADDRESS")
    .replace(/[0-9a-f]{8}…/g, "ADDRESS…")
    .replace(/\d+(\.\d+)? m?s\b/g, "TIME")
    .replace(/just now|\d+ seconds? ago/g, "AGO");
}

describe("run, plan and why", () => {
  test("a grid is planned, generated once, and then there", () =>
    inFolder(async (run) => {
      const args = [...estimator, "zThreshold=1,2", "points.n=100"];
      expect((await run("plan", ...args, "--exit-code")).exit).toBe(4);
      const made = await run("run", ...args);
      expect(made.err).toContain("3 generated");
      expect(steady(made.out)).toBe("outlier_estimator/ADDRESS\noutlier_estimator/ADDRESS\n");
      expect(made.exit).toBe(0);
      const again = await run("plan", ...args, "--exit-code");
      expect(again).toMatchObject({
        exit: 0,
        out: "2 artifacts are needed, all there; 1 further upstream is not needed\n",
      });
      const more = await run("plan", ...estimator, "zThreshold=5", "points.n=100");
      expect(steady(more.out)).toContain(
        "1 miss follows from zThreshold of outlier_estimator: 5, nearest artifact has 2",
      );
      const why = await run("why", ...estimator, "zThreshold=5", "points.n=100", "--nearest", "1");
      expect(steady(why.out)).toBe(
        "outlier_estimator ADDRESS… would be generated: zThreshold: 5, nearest artifact has 2 (ADDRESS…, AGO)\n" +
          "nearest:\n  ADDRESS…  zThreshold: 5, nearest artifact has 2\n",
      );
      expect(steady((await run("why", ...estimator, "zThreshold=2", "points.n=100")).out)).toMatch(
        /^outlier_estimator ADDRESS… is there: generated AGO/,
      );
    }));

  test("--json prints what the schema says, and nothing else on standard output", () =>
    inFolder(async (run) => {
      const args = [...estimator, "zThreshold=1", "points.n=10", "--json"];
      const [planned] = parseLines((await run("plan", ...args)).out);
      expect(planned).toMatchObject({ kind: "plan", counts: { hit: 0, miss: 1, blocked: 1 } });
      const events = parseLines((await run("run", ...args)).out);
      expect(events.at(-1)).toMatchObject({ type: "finished", state: "completed", generated: 2 });
      expect(parseLines((await run("run", ...args, "--dry-run")).out)).toMatchObject([
        { kind: "plan", counts: { hit: 1 } },
      ]);
      expect(parseLines((await run("why", ...args)).out)).toMatchObject([
        { kind: "why", state: "hit", params: { zThreshold: 1, points: { n: 10 } } },
      ]);
      const missing = await run("why", ...estimator, "zThreshold=2", "points.n=10", "--json");
      expect(parseLines(missing.out)).toMatchObject([
        { state: "miss", reason: { kind: "params-changed" }, nearest: [{}] },
      ]);
      expect(parseLines((await run("graph", ...args)).out)).toMatchObject([
        { kind: "graph", edges: [{ role: "points" }] },
      ]);
      expect(parseLines((await run("doctor", "--json")).out)).toMatchObject([{ kind: "doctor" }]);
    }));

  test("a failure names the user's line, and the rest of the run is kept with -k", () =>
    inFolder(async (run) => {
      const failed = await run("run", ...estimator, "zThreshold=1,99", "points.n=10", "-k");
      expect(failed.exit).toBe(3);
      expect(failed.err).toContain("a threshold of 99 is too high");
      expect(failed.err).toMatch(/at .*study-module\.mjs:\d+:\d+/);
      expect(failed.err).not.toMatch(/\bsrc\/|node_modules/);
      const [listed] = parseLines((await run("runs", "--failed", "--json")).out);
      expect(listed).toMatchObject({ kind: "runs", runs: [{ state: "failed", generated: 2, failed: 1 }] });
      expect((await run("runs")).out).toMatch(/^run +state +started .*\n\S+ +failed +just now /);
      const told = await run("runs", "latest", "--failed");
      expect(told.out).toMatch(/\nfailed +outlier_estimator +[0-9a-f]{8} .* is too high\n$/);
      expect(parseLines((await run("runs", "latest", "--json")).out)).toMatchObject([
        { kind: "run", nodes: { length: 3 } },
      ]);
      const followed = parseLines((await run("runs", "--follow", "--json")).out);
      expect(followed.at(-1)).toMatchObject({ type: "finished", state: "failed" });
      expect(parseLines((await run("runs", "latest", "--events")).out)).toEqual(followed);
      expect((await run("runs", "--follow")).err).toContain("2 generated");
      expect(await run("runs", "2001")).toMatchObject({
        exit: 2,
        err: expect.stringContaining("There is no run 2001."),
      });
      const alone = await run("run", ...estimator, "zThreshold=98", "points.n=10", "--json");
      expect(alone.exit).toBe(1);
      expect(parseLines(alone.err)).toMatchObject([{ kind: "error", code: "PERSISTABLE_RUN_FAILED", exit: 1 }]);
    }));

  test("--from takes the params of an artifact, and --params those of a file", () =>
    inFolder(async (run, folder) => {
      const made = await run("run", ...estimator, "zThreshold=1", "points.n=10");
      const from = await run("plan", studyModule, "--from", made.out.trim(), "zThreshold=3", "--json");
      expect(parseLines(from.out)).toMatchObject([{ causes: [{ key: "zThreshold" }], counts: { miss: 1 } }]);
      writeFileSync(`${folder}/tree.json`, JSON.stringify({ zThreshold: 1, points: { n: 10 } }));
      const file = await run("plan", ...estimator, "--params", `${folder}/tree.json`, "--exit-code");
      expect(file.exit).toBe(0);
    }));

  test("classes and lists that a module exports are targets too", () =>
    inFolder(async (run, folder) => {
      expect((await run("run", studyModule, "Letters", "times=2")).exit).toBe(0);
      process.env.STUDY_DATA_DIR = `${folder}/data`;
      const given = await run("plan", studyModule, "study", "n=3");
      expect(given).toMatchObject({ exit: 2, err: expect.stringContaining("study has its params already") });
    }));

  test("a sweep that a module exports needs no params", async () => {
    const { exit, out } = await persistable(["plan", studyModule, "study"]);
    expect({ exit, out }).toMatchObject({ exit: 0, out: expect.stringContaining("2 artifacts are needed") });
  });
});

describe("wrong input ends with exit code 2, what was meant, and what there is", () => {
  test.each([
    [["rnu"], "There is no command rnu. Did you mean run?"],
    [["plan", "--jsno", studyModule], "There is no flag --jsno. Did you mean --json?"],
    [["plan", studyModule, "outlierEstimtor"], "Did you mean outlierEstimator?"],
    [["plan", studyModule.replace("study-module", "study-modul")], "There is no module"],
    [["plan", studyModule], "Name what to work on."],
    [["plan"], "Name a module and what it exports."],
    [["plan", ...estimator, "zTreshold=2"], "Did you mean zThreshold?"],
    [["plan", ...estimator, "points.m=2"], "Did you mean points.n?"],
    [["plan", ...estimator, "zThreshold=high", "points.n=1"], 'zThreshold=high: "high" is not a number.'],
    [["plan", ...estimator, "zThreshold=1", "weighting=tuky", "points.n=1"], 'is not one of "none", "tukey"'],
    [["plan", ...estimator, "zThreshold=1"], "The params of points are not valid"],
    [["plan", ...estimator, "zThreshold:={", "points.n=1"], "The value of zThreshold is not JSON"],
    [["plan", ...estimator, "zThreshold"], '"zThreshold" is not a parameter.'],
    [["run", ...estimator, "zThreshold=1", "points.n=1", "-j", "none"], "is not a whole number"],
    [["run", ...estimator, "--timeout", "soon"], "is not a duration"],
    [["plan", ...estimator, "--params", "nowhere.json"], "The file nowhere.json cannot be read"],
    [["why", ...estimator, "zThreshold=1,2", "points.n=1"], "There are several targets, and one is needed."],
    [["help", "exit-code"], "Did you mean exit-codes?"],
    [["completion", "bsh"], "Did you mean bash?"],
  ])("%j", async (argv, message) => {
    const plain = await persistable(argv);
    expect(plain).toMatchObject({ exit: 2, out: "" });
    expect(plain.err).toContain(message);
    const json = await persistable([...argv, "--json"]);
    expect(json).toMatchObject({ exit: 2, out: "" });
    expect(parseLines(json.err)).toMatchObject([{ kind: "error", exit: 2, message: expect.stringContaining(message) }]);
  });

  test("a misspelt parameter shows all of them", async () => {
    const { err } = await persistable(["plan", ...estimator, "zTreshold=2"]);
    expect(err).toBe(`persistable: outlierEstimator has no parameter zTreshold. Did you mean zThreshold?
  zThreshold          number            required
  weighting           "none" | "tukey"  default "none"
  label               string            optional
  flags.fast          boolean           optional
  flags.deep          boolean           default false
  layers              array             optional
  points.n            integer > 0       required
  points.randomState  integer           default 100
`);
  });
});

describe("params from text", () => {
  async function paramsOf(...texts: string[]): Promise<unknown> {
    const { out, err } = await persistable(["plan", studyModule, "anything", ...texts, "--json"]);
    expect(err).toBe("");
    return parseLines(out);
  }

  test.each<readonly [texts: readonly string[], count: number]>([
    [["k=1"], 1],
    [["k=1,2,3"], 3],
    [["k=a,b"], 1],
    [["k=a", "k=b"], 2],
    [["k=1..5"], 5],
    [["k=5..1"], 5],
    [["k=linear(0,1,11)"], 11],
    [["k=logarithmic(1,1000,4)"], 4],
    [["k=1,2", "l=true,false"], 4],
    [["k=[1,2]"], 1],
    [['k:="1,2"'], 1],
    [["a.b=1,2", "a.c=1,2"], 4],
    [[`k=@${studyModule}`], 1],
  ])("%j is so many points", async (texts, count) => {
    expect(await paramsOf(...texts)).toMatchObject([{ nodes: { length: count } }]);
  });

  test("a text that the schema wants is taken as it is", async () => {
    const { out } = await persistable(["plan", ...estimator, "zThreshold=1", "points.n=1", "label=1,2", "--json"]);
    expect(parseLines(out)).toMatchObject([{ counts: { miss: 1, blocked: 1 } }]);
  });
});

describe("on a terminal and in a pipe", () => {
  test("nothing hostile reaches the terminal", () =>
    inFolder(async (run) => {
      const { out, err } = await run("run", ...estimator, "zThreshold=1", "points.n=1", "label=\u001b[31mred");
      expect(`${out}${err}`).not.toContain("\u001b");
      expect(err).toContain("no \\u001b[31mcolour");
    }));

  test("colours are for terminals alone, and NO_COLOR and --color are obeyed", () =>
    inFolder(async (run, folder) => {
      const { out } = await run("run", ...estimator, "zThreshold=1", "points.n=1");
      const show = (terminal: Terminal, ...flags: string[]): Promise<Transcript> =>
        persistable(["show", out.trim(), "--data-dir", `${folder}/data`, ...flags], terminal);
      expect((await show({ isTTY: true })).out).toContain("\u001b[");
      expect((await show({ isTTY: false })).out).not.toContain("\u001b[");
      expect((await show({ isTTY: true, env: { NO_COLOR: "1" } })).out).not.toContain("\u001b[");
      expect((await show({ isTTY: false }, "--color", "always")).out).toContain("\u001b[");
    }));
});

describe("to begin with", () => {
  test("init writes a module, once", async () => {
    await using folder = await temporaryFolder();
    const before = process.cwd();
    try {
      expect(await persistable(["-C", folder.path, "init"])).toMatchObject({ exit: 0 });
      expect(readFileSync(folder.join("pipeline.ts"), "utf8")).toContain("definePersistable");
      expect(await persistable(["-C", folder.path, "init"])).toMatchObject({ exit: 2 });
      const [written] = parseLines((await persistable(["-C", folder.path, "init", "other.mjs", "--json"])).out);
      expect(written).toMatchObject({ kind: "init", file: "other.mjs" });
    } finally {
      process.chdir(before);
    }
  });

  test("help shows all commands, one of them, and topics", async () => {
    expect((await persistable([])).out).toContain("run MODULE NAME");
    expect((await persistable(["help", "plan"])).out).toContain("--exit-code");
    expect((await persistable(["help", "params"])).out).toContain("k=1..5");
  });
});

describe("completion", () => {
  const complete = async (...words: string[]): Promise<string[]> =>
    (await persistable(["__complete", "--", ...words])).out.split("\n").filter(Boolean);

  test("commands, flags, names, parameters and values", async () => {
    expect(await complete("pl")).toEqual(["plan"]);
    expect(await complete("plan", "--ex")).toEqual(["--exit-code"]);
    expect(await complete("plan", studyModule, "out")).toEqual(["outlierEstimator", "outlier_estimator"]);
    expect(await complete("plan", ...estimator, "zT")).toEqual(["zThreshold="]);
    expect(await complete("plan", ...estimator, "weighting=")).toEqual(["weighting=none", "weighting=tukey"]);
    expect(await complete("plan", "nowhere.ts", "")).toEqual([]);
  });

  test("addresses of what is there", () =>
    inFolder(async (run, folder) => {
      const { out } = await run("run", studyModule, "points", "n=1");
      const place = ["--data-dir", `${folder}/data`];
      const address = out.slice(0, "points/12345678".length);
      expect(await complete("show", ...place, "poi")).toEqual([address]);
      expect(await complete(...place, "cat", address.slice(0, -2))).toEqual([address]);
      expect(await complete("diff", `--data-dir=${folder}/data`, address, out.slice(7, 11))).toEqual([
        address.slice(7),
      ]);
      await run("tag", "points@latest", "paper");
      expect(await complete("show", ...place, "points@")).toEqual(["points@latest", "points@paper"]);
      expect(await complete("untag", ...place, "")).toEqual(["points@paper"]);
      expect(await complete("run", studyModule, ...place, "--from", "poi")).toEqual([address]);
      expect(await complete("ls", ...place, "poi")).toEqual(["points"]);
      expect(await complete("ls", ...place, "points", "random")).toEqual(["randomState="]);
      expect(await complete("gc", ...place, "randomState=")).toEqual(["randomState=100"]);
      expect(await complete("rename", ...place, "")).toEqual(["points"]);
      expect(await complete("runs", ...place, "la")).toEqual(["latest"]);
      expect(await complete("cat", "--as", "c")).toEqual(["csv"]);
      expect(await complete("help", "que")).toEqual(["queries"]);
    }));
});

describe("accept", () => {
  const before = fileURLToPath(new URL("source-before.mjs", import.meta.url));
  const after = fileURLToPath(new URL("source-after.mjs", import.meta.url));

  test("a change of the code is shown, accepted, and taken back", () =>
    inFolder(async (run) => {
      const made = await run("run", before, "report");
      const artifact = made.out.trim();
      const refused = await run("run", after, "report");
      expect(refused.exit).toBe(1);
      expect(refused.err).toMatch(
        /has changed since its artifact was made: generator, line 2: return .*persistable accept/s,
      );
      expect(steady((await run("why", after, "report")).out)).toMatch(
        /source code than today's: generator, line 2: .*\n.*line 2:\n {2}- .*made before.*\n {2}\+ .*made after/,
      );
      expect((await run("run", after, "report", "--on-source-change", "ignore")).exit).toBe(0);
      const used = await run("why", after, "report", "--on-source-change", "ignore");
      expect(steady(used.out)).toMatch(
        /is there: .*\nother source code than today's made it, and it is used all the same\n.*line 2:\n.*made before.*\n.*made after/,
      );
      expect(used.out).not.toContain("nearest:");
      const accepted = await run("accept", after, artifact);
      expect(steady(accepted.err)).toContain("counts as made by the source of today: generator, line 2: ");
      expect((await run("run", after, "report")).exit).toBe(0);
      expect((await run("plan", after, "report", "--exit-code")).exit).toBe(0);
      const [undone] = parseLines((await run("accept", after, artifact, "--undo", "--json")).out);
      expect(undone).toMatchObject({ kind: "accepted", accepted: [{ name: "changing_report", undone: true }] });
      expect((await run("run", after, "report")).exit).toBe(1);
      expect((await run("accept", before, artifact)).err).toContain("was made by the source of today");
    }));

  test.each([
    [["accept"], "Name the module"],
    [["accept", studyModule, "points/3f9a"], "points/3f9a"],
  ])("%j is refused in words", (argv, words) =>
    inFolder(async (run) => {
      const { err, exit } = await run(...argv);
      expect(err).toContain(words);
      expect(exit).toBe(2);
    }),
  );
});
