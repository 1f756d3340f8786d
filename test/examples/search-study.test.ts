import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { collect, plan } from "persistable-ts/pipeline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { judgments } from "../../examples/search-study/judgments.ts";
import { meanQuality, measureRanking } from "../../examples/search-study/measure-ranking.ts";
import { type PlottedRow, renderPlot } from "../../examples/search-study/plot.ts";
import { type StudySettings, searchStudy } from "../../examples/search-study/study.ts";
import { corpus } from "../../examples/text-search/corpus.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

const root = new URL("../../", import.meta.url);
const shares = [0, 0.2, 0.4, 0.6, 0.8, 1];
const pointCount = 96;

let folder: TemporaryFolder;
let firstRun: Run;
beforeAll(async () => {
  folder = await temporaryFolder();
  firstRun = await runStudy();
});
afterAll(() => folder[Symbol.asyncDispose]());

interface Run {
  readonly output: string;
  readonly generated: Readonly<Record<string, number>>;
}

/** In a process of its own: threads need modules that every Node can run. */
async function runStudy(): Promise<Run> {
  const outDir = join(folder.path, "out");
  const args = ["scripts/study.mjs", "--data-dir", folder.path, "--out-dir", outDir, "--license-count", "16"];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const [output, complaints, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number]>,
  ]);
  expect({ exitCode, complaints }).toEqual({ exitCode: 0, complaints: "" });
  const generated: Record<string, number> = {};
  for (const [, name = ""] of output.matchAll(/^generated (\w+) /gm)) generated[name] = (generated[name] ?? 0) + 1;
  return { output, generated };
}

const studyOf = (settings: StudySettings) => searchStudy({ licenseCount: 16, ...settings }, { dataDir: folder.path });

/** The number of payloads that a run would generate, by name. */
async function missingFor(settings: StudySettings): Promise<Record<string, number>> {
  const missing: Record<string, number> = {};
  for (const { name, state } of (await plan(studyOf(settings))).nodes)
    if (state === "miss" || state === "blocked") missing[name] = (missing[name] ?? 0) + 1;
  return missing;
}

test("a study generates each point once, and what points share once for all of them", () => {
  expect(firstRun.generated).toEqual({ corpus: 1, tokens: 2, vocabulary: 2, vectors: 16, evaluation: pointCount });
});

test("a study that is run again generates nothing, and writes the same table and plot", async () => {
  const read = (name: string): string => readFileSync(join(folder.path, "out", name), "utf8");
  const written = [read("study.csv"), read("study.svg")];
  const { output, generated } = await runStudy();
  expect(generated).toEqual({});
  expect(output).toContain("96 artifacts are needed, all there");
  expect([read("study.csv"), read("study.svg")]).toEqual(written);
});

test("a study with more values generates what depends on them, and nothing else", async () => {
  expect(await missingFor({})).toEqual({});
  expect(await missingFor({ topicShares: [...shares, 0.5] })).toEqual({ evaluation: 16 });
  expect(await missingFor({ topicCounts: [25, 50, 75, 100, 200] })).toEqual({ vectors: 4, evaluation: 24 });
});

test("a study is a table with a row of measures for each point", async () => {
  const { rows } = await collect(studyOf({}));
  const points = rows.map((row) =>
    [row["vocabulary.tokens.stemming"], row["vectors.weighting"], row["vectors.topicCount"], row.topicShare].join(),
  );
  expect(new Set(points).size).toBe(pointCount);
  for (const row of rows) {
    for (const measure of ["summary.ndcg10", "summary.reciprocalRank", "summary.recall10"] as const) {
      expect(row[measure]).toBeGreaterThan(0);
      expect(row[measure]).toBeLessThan(1);
    }
  }
});

describe("measures of a ranking", () => {
  test.each([
    ["an answer at once", [0, 1, 2], [true, false, false], 1, 1, 1],
    ["an answer at rank 3", [1, 2, 0], [true, false, false], 1 / 3, 0.5, 1],
    ["answers at ranks 1 and 3", [0, 2, 1], [true, true, false], 1, 1.5 / (1 + 1 / Math.log2(3)), 1],
    ["no answer", [0, 1, 2], [false, false, false], 0, 0, 0],
  ])("%s", (_, ranking, isAnswer, reciprocalRank, ndcg10, recall10) => {
    const quality = measureRanking(ranking, isAnswer);
    expect(quality.reciprocalRank).toBeCloseTo(reciprocalRank, 12);
    expect(quality.ndcg10).toBeCloseTo(ndcg10, 12);
    expect(quality.recall10).toBeCloseTo(recall10, 12);
  });

  test("what stands below rank ten counts for the first answer alone", () => {
    const ranking = Array.from({ length: 20 }, (_, rank) => rank);
    expect(
      measureRanking(
        ranking,
        ranking.map((rank) => rank === 15),
      ),
    ).toEqual({
      reciprocalRank: 1 / 16,
      ndcg10: 0,
      recall10: 0,
    });
  });

  test("of more than ten answers, ten at the top are the best there is", () => {
    const ranking = Array.from({ length: 20 }, (_, rank) => rank);
    expect(
      measureRanking(
        ranking,
        ranking.map(() => true),
      ),
    ).toEqual({ reciprocalRank: 1, ndcg10: 1, recall10: 0.5 });
  });

  test("the mean is that of each measure", () => {
    expect(
      meanQuality([
        { reciprocalRank: 1, ndcg10: 0.5, recall10: 0 },
        { reciprocalRank: 0, ndcg10: 0, recall10: 1 },
      ]),
    ).toEqual({ reciprocalRank: 0.5, ndcg10: 0.25, recall10: 0.5 });
  });
});

test("each question has at least 2 answers in the corpus, and at most 60", async () => {
  const passages = await corpus({}, { dataDir: folder.path }).payload;
  const counts = judgments.map(({ question, answer }) => ({
    question,
    count: passages.filter((passage) => answer.test(passage.text)).length,
  }));
  expect(counts.filter(({ count }) => count < 2 || count > 60)).toEqual([]);
  expect(new Set(judgments.map(({ question }) => question)).size).toBe(judgments.length);
});

test("the plot that is checked in is that of the table that is checked in", async () => {
  const read = (name: string): string =>
    readFileSync(new URL(`../../examples/search-study/${name}`, import.meta.url), "utf8");
  const [header = "", ...lines] = read("study.csv").trimEnd().split("\n");
  const columns = header.split(",");
  const rows = lines.map((line) => {
    const cells = Object.fromEntries(line.split(",").map((cell, index) => [columns[index] as string, cell]));
    const row: PlottedRow & { reciprocalRank: number; recall10: number } = {
      stemming: cells.stemming === "true",
      weighting: cells.weighting ?? "",
      topicCount: Number(cells.topicCount),
      topicShare: Number(cells.topicShare),
      ndcg10: Number(cells.ndcg10),
      reciprocalRank: Number(cells.reciprocalRank),
      recall10: Number(cells.recall10),
    };
    return row;
  });
  expect(rows).toHaveLength(96);
  expect(await renderPlot(rows)).toBe(read("study.svg"));
});
