import { describeMiss, type PersistableEvent } from "persistable-ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { corpus } from "../../examples/text-search/corpus.ts";
import { search } from "../../examples/text-search/search.ts";
import { type TextSearchSettings, textSearch } from "../../examples/text-search/text-search.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

const settings: TextSearchSettings = { questions: ["nuclear facility"], licenseCount: 110, topicCount: 12 };
const all = ["corpus", "tokens", "vocabulary", "vectors", "search"];

const silent = { debug() {}, info() {}, warn() {}, error() {} };

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
  await textSearch(settings, { dataDir: folder.path }).payload;
});
afterAll(() => folder[Symbol.asyncDispose]());

/**
 * Runs a changed search when the artifacts of `settings` are already there, and tells which
 * payloads it generated and loaded.
 */
async function answer(changes: Partial<TextSearchSettings>): Promise<{ generated: string[]; loaded: string[] }> {
  const happened = { generated: [] as string[], loaded: [] as string[] };
  const onEvent = ({ type, name }: PersistableEvent): void => {
    if (type === "generated") happened.generated.push(name);
    if (type === "hit") happened.loaded.push(name);
  };
  await textSearch({ ...settings, ...changes }, { dataDir: folder.path, onEvent }).payload;
  const inOrder = (names: string[]): string[] => all.filter((name) => names.includes(name));
  return { generated: inOrder(happened.generated), loaded: inOrder(happened.loaded) };
}

describe("a change generates what depends on it, and loads no more than that needs", () => {
  test.each<[what: string, changes: Partial<TextSearchSettings>, generated: string[], loaded: string[]]>([
    ["nothing", {}, [], ["search"]],
    ["the questions", { questions: ["patents"] }, ["search"], ["corpus", "vocabulary", "vectors"]],
    ["the weighting", { weighting: "tf-idf" }, ["vectors", "search"], ["corpus", "tokens", "vocabulary"]],
    ["the number of topics", { topicCount: 13 }, ["vectors", "search"], ["corpus", "tokens", "vocabulary"]],
    ["the rarest word", { minDocumentFrequency: 3 }, ["vocabulary", "vectors", "search"], ["corpus", "tokens"]],
    ["the stemming", { stemming: false }, ["tokens", "vocabulary", "vectors", "search"], ["corpus"]],
    ["the texts", { licenseCount: 109 }, all, []],
  ])("%s", async (_, changes, generated, loaded) => {
    expect(await answer(changes)).toEqual({ generated, loaded });
    expect(await answer(changes)).toEqual({ generated: [], loaded: ["search"] });
  });
});

test("a miss names the parameter that was changed, wherever it is upstream", async () => {
  const changed = textSearch({ ...settings, minDocumentFrequency: 17 }, { dataDir: folder.path });
  const explanation = await changed.dependencies.vectors.explain();
  if (explanation.state !== "miss") throw new Error("it is a hit");
  expect(describeMiss(explanation.reason)).toMatch(/^vocabulary\.minDocumentFrequency: 17, nearest artifact has \d/);
});

test("the answers are the licenses that say so, loaded as they were generated", async () => {
  const fresh = await textSearch(settings, { dataDir: folder.path }).generate({ persist: false });
  const loaded = await textSearch(settings, { dataDir: folder.path }).load();
  expect(loaded).toEqual(fresh);
  const [first, second] = loaded["nuclear facility"] ?? [];
  expect(first?.licenses).toMatch(/^BSD-3-Clause-No-Nuclear/);
  expect(first?.snippet).toContain("nuclear facility");
  expect(second?.licenses).toMatch(/^BSD-3-Clause-No-Nuclear/);
  expect(second?.licenses).not.toBe(first?.licenses);
});

test("a question without any known word has no answers", async () => {
  const nothing = textSearch({ ...settings, questions: ["qwertzuiop"] }, { dataDir: folder.path });
  expect(await nothing.payload).toEqual({ qwertzuiop: [] });
});

test("the record of a search builds all five again", async () => {
  const record = await textSearch(settings, { dataDir: folder.path }).record();
  const rebuilt = search(record?.params as Parameters<typeof search>[0], { dataDir: folder.path });
  expect(rebuilt.address).toBe(record?.address);
  expect(rebuilt.dependencies.vectors.dependencies.tokens.params).toEqual({ stemming: true });
  await rebuilt.load();
});

test("texts of another release of the package are refused, with the command that gets them", async () => {
  const outdated = corpus({ packageVersion: "1.0.0" }, { dataDir: folder.path, logger: silent });
  await expect(outdated.payload).rejects.toThrow("npm install spdx-license-list@1.0.0");
});
