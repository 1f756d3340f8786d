import { definePersistable, memoryStore, type Store, typedParams } from "persistable-ts";
import { plan } from "persistable-ts/pipeline";
import { describe, expect, it } from "vitest";

const points = definePersistable({
  name: "points",
  params: typedParams<{ n: number }>(),
  generate: ({ params }) => params.n,
});
const estimator = definePersistable({
  name: "estimator",
  params: typedParams<{ zThreshold: number }>(),
  dependencies: { points },
  generate: async ({ params, dependencies }) => (await dependencies.points.payload) * params.zThreshold,
});
const report = definePersistable({
  name: "report",
  dependencies: { estimator },
  generate: async ({ dependencies }) => dependencies.estimator.payload,
});

function reportOf(dataDir: Store, zThreshold: number, n: number) {
  return report({ estimator: { zThreshold, points: { n } } }, { dataDir });
}

async function linesOf(targets: Parameters<typeof plan>[0]): Promise<readonly string[]> {
  const text = String(await plan(targets));
  return text
    .replaceAll(/\b[0-9a-f]{8}…/g, "########…")
    .replaceAll(/just now|\d+ seconds? ago/g, "# ago")
    .replaceAll(/\d+(\.\d+)? (ms|s|min)\b/g, "# ms")
    .split("\n");
}

describe("the causes of a plan", () => {
  it("name a change once for all that follows from it", async () => {
    const dataDir = memoryStore();
    await reportOf(dataDir, 3, 10).payload;
    const { causes, nodes } = await plan([1, 2].map((zThreshold) => reportOf(dataDir, zThreshold, 10)));
    expect(causes.map(({ what, name, key, count, values }) => ({ what, name, key, count, values }))).toEqual([
      {
        what: "param",
        name: "estimator",
        key: "zThreshold",
        count: 4,
        values: [
          { value: 1, nearestValue: 3 },
          { value: 2, nearestValue: 3 },
        ],
      },
    ]);
    expect(causes[0]?.nodes.map(({ index }) => index)).toEqual([1, 2, 3, 4]);
    expect(nodes.map(({ reason }) => reason?.kind)).toEqual([
      undefined,
      "params-changed",
      "dependency-changed",
      "params-changed",
      "dependency-changed",
    ]);
  });

  it("lead back to what changed upstream, also where that is there", async () => {
    const dataDir = memoryStore();
    await reportOf(dataDir, 3, 10).payload;
    await points({ n: 20 }, { dataDir }).payload;
    const { causes, counts } = await plan(reportOf(dataDir, 3, 20));
    expect(counts).toEqual({ hit: 1, miss: 1, blocked: 1, notNeeded: 0 });
    expect(causes.map(({ what, name, key, count, values }) => ({ what, name, key, count, values }))).toEqual([
      { what: "param", name: "points", key: "n", count: 2, values: [{ value: 20, nearestValue: 10 }] },
    ]);
  });

  it("count a miss for each change that it goes back to, and what most go back to first", async () => {
    const dataDir = memoryStore();
    await reportOf(dataDir, 3, 10).payload;
    const { causes } = await plan(reportOf(dataDir, 4, 20));
    expect(causes.map(({ name, key, count }) => [name, key, count])).toEqual([
      ["points", "n", 3],
      ["estimator", "zThreshold", 2],
    ]);
  });

  it("go by name where there is nothing to compare with", async () => {
    const { causes } = await plan([1, 2].map((zThreshold) => reportOf(memoryStore(), zThreshold, 10)));
    expect(causes.map(({ what, name, count }) => [what, name, count])).toEqual([
      ["never-generated", "points", 2],
      ["never-generated", "estimator", 2],
      ["never-generated", "report", 2],
    ]);
  });

  it("tell a change of version", async () => {
    const dataDir = memoryStore();
    await points({ n: 10 }, { dataDir }).payload;
    const newer = definePersistable({
      name: "points",
      version: 2,
      params: typedParams<{ n: number }>(),
      generate: ({ params }) => params.n,
    });
    const { causes, nodes } = await plan(newer({ n: 10 }, { dataDir }));
    expect(causes.map(({ what, values }) => [what, values])).toEqual([["version", [{ value: 2 }]]]);
    expect(nodes[0]?.reason?.kind).toBe("version-changed");
  });

  it("compare with the nearest of many", async () => {
    const dataDir = memoryStore();
    const two = definePersistable({
      name: "two",
      params: typedParams<{ a: number; b: readonly number[] }>(),
      generate: ({ params }) => params.a,
    });
    for (const a of [1, 2, 3, 4]) await two({ a, b: [a] }, { dataDir }).payload;
    const { causes } = await plan(two({ a: 9, b: [3] }, { dataDir }));
    expect(causes.map(({ key, values }) => [key, values])).toEqual([["a", [{ value: 9, nearestValue: 3 }]]]);
  });
});

describe("a plan in words", () => {
  it("shows of long values the place inside of them at which they differ", async () => {
    const dataDir = memoryStore();
    const answer = definePersistable({
      name: "answer",
      params: typedParams<{ call: { prompt: string; limits?: { words: number } } }>(),
      generate: () => "",
    });
    const prompt = "Say it again. ".repeat(20);
    const answerTo = (words: number, text = prompt) =>
      answer({ call: { prompt: text, limits: { words } } }, { dataDir });
    await answerTo(3).payload;
    const causeOf = async (...targets: ReturnType<typeof answerTo>[]) => (await linesOf(targets))[3];
    expect(await causeOf(answerTo(4))).toBe(
      "1 miss follows from call.limits.words of answer: 4, nearest artifact has 3",
    );
    expect(await causeOf(answerTo(4), answerTo(5))).toBe(
      "2 misses follow from call.limits.words of answer: 4, 5; nearest artifact has 3",
    );
    expect(await causeOf(answerTo(3, `${prompt}Twice.`))).toMatch(
      /^1 miss follows from call\.prompt of answer: "….*again\. Twice\.", nearest artifact has "….*again\. "$/,
    );
  });

  it("says what is to be generated, why, and how long it takes", async () => {
    const dataDir = memoryStore();
    await reportOf(dataDir, 3, 10).payload;
    expect(await linesOf([1, 2].map((zThreshold) => reportOf(dataDir, zThreshold, 10)))).toEqual([
      "5 artifacts are needed: 1 there, 4 to generate, 2 of them after others",
      "Expected: # ms of generating, at least # ms of it in a row",
      "",
      "4 misses follow from zThreshold of estimator: 1, 2; nearest artifact has 3",
      "",
      "  estimator ########…  zThreshold: 1, nearest artifact has 3 (########…, # ago); # ms",
      "  report ########…  estimator.zThreshold: 1, nearest artifact has 3 (########…, # ago); after estimator ########…; # ms",
      "  estimator ########…  zThreshold: 2, nearest artifact has 3 (########…, # ago); # ms",
      "  report ########…  estimator.zThreshold: 2, nearest artifact has 3 (########…, # ago); after estimator ########…; # ms",
    ]);
  });

  it("is one line where everything is there", async () => {
    const dataDir = memoryStore();
    await reportOf(dataDir, 3, 10).payload;
    expect(await linesOf(reportOf(dataDir, 3, 10))).toEqual([
      "1 artifact is needed, all there; 2 further upstream are not needed",
    ]);
  });

  it("stays short where there is much to say", async () => {
    const dataDir = memoryStore();
    const targets = Array.from({ length: 1000 }, (_, n) => points({ n }, { dataDir }));
    expect(await linesOf(targets)).toEqual([
      "1000 artifacts are needed: 0 there, 1000 to generate",
      "Expected: nothing is known of points",
      "",
      "1000 misses: points was never generated",
    ]);
    await points({ n: 5000 }, { dataDir }).payload;
    const lines = await linesOf(targets);
    expect(lines.at(-1)).toBe("  … and 990 more misses");
    expect(lines).toHaveLength(16);
  });
});
