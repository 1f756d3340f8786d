import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileStore } from "persistable-ts";
import { persistModel } from "persistable-ts/ai-sdk";
import type { BenchmarkReport, BenchmarkRow } from "./benchmark.ts";
import { type Contender, measureRounds } from "./measure-rounds.ts";
import { withTemporaryFolder } from "./temporary-folder.ts";

const CALLS = 50;
const WORDS = 200;
/** A replay has to begin in this time, whatever the peer needs. */
const FIRST_TOKEN_US = 1000;

interface Part {
  readonly type: string;
  readonly [field: string]: unknown;
}

/**
 * A hit of a model call, whole and streamed, against one JSON file that is read without verifying
 * it, under a hash of the call's JSON.
 */
export async function benchmark(): Promise<BenchmarkReport> {
  const rows: BenchmarkRow[] = [];
  for (const characters of [1000, 100_000])
    rows.push(await withTemporaryFolder((dir) => compareWhole(dir, characters)));
  rows.push(...(await withTemporaryFolder(compareStreams)));
  for (const [words, characters] of [
    [WORDS, 1000],
    [WORDS, 100_000],
    [4000, 1000],
  ] as const)
    rows.push(await withTemporaryFolder((dir) => measureFirstToken(dir, words, characters)));
  return { name: "model-hit", rows };
}

const usage = { inputTokens: { total: 11, noCache: 11 }, outputTokens: { total: 8 } };
const finishReason = { unified: "stop", raw: "stop" };
const parts = partsOf(WORDS);

function partsOf(words: number): readonly Part[] {
  return [
    { type: "stream-start", warnings: [] },
    { type: "text-start", id: "0" },
    ...Array.from({ length: words }, (_, i): Part => ({ type: "text-delta", id: "0", delta: `word ${i} ` })),
    { type: "text-end", id: "0" },
    { type: "finish", finishReason, usage },
  ];
}

function openModel(dir: string, answer = parts) {
  return persistModel(
    {
      specificationVersion: "v3",
      provider: "own",
      modelId: "m",
      doGenerate: async (_call: object) => ({
        content: [{ type: "text", text: "Because of Rayleigh scattering. ".repeat(10) }],
        finishReason,
        usage,
        warnings: [],
        response: { id: "r", timestamp: new Date() },
      }),
      doStream: async (_call: object) => ({ stream: ReadableStream.from<Part>(answer) }),
    },
    { dataDir: fileStore(join(dir, "data")) },
  );
}

function callOf(i: number, characters: number) {
  const text = `${i} ${"word ".repeat(characters / 5)}`;
  return { prompt: [{ role: "user", content: [{ type: "text", text }] }], temperature: 0.5 };
}

/** The file of a call, as a cache in a hundred lines has it. */
function fileOf(dir: string, call: object): string {
  return join(dir, `${createHash("sha256").update(JSON.stringify(call)).digest("hex")}.json`);
}

async function compareWhole(dir: string, characters: number): Promise<BenchmarkRow> {
  const model = openModel(dir);
  const naive = join(dir, "naive");
  mkdirSync(naive);
  for (let i = 0; i < CALLS; i++) {
    const answer = await model.doGenerate(callOf(i, characters));
    writeFileSync(fileOf(naive, callOf(i, characters)), JSON.stringify(answer));
  }
  return compare(`whole answer, prompt of ${characters / 1000} kB`, [
    repeating("ours", async (i) => (await model.doGenerate(callOf(i, characters))).content.length),
    repeating(
      "naive",
      async (i) => JSON.parse(await readFile(fileOf(naive, callOf(i, characters)), "utf8")).content.length,
    ),
  ]);
}

async function compareStreams(dir: string): Promise<BenchmarkRow[]> {
  const model = openModel(dir);
  const naive = join(dir, "naive");
  mkdirSync(naive);
  for (let i = 0; i < CALLS; i++) {
    for await (const _ of (await model.doStream(callOf(i, 1000))).stream);
    writeFileSync(fileOf(naive, callOf(i, 1000)), JSON.stringify(parts));
  }
  const replay = async (i: number): Promise<ReadableStream<Part>> => {
    const stored: Part[] = JSON.parse(await readFile(fileOf(naive, callOf(i, 1000)), "utf8"));
    return new ReadableStream<Part>({
      start(controller) {
        for (const part of stored) controller.enqueue(part);
        controller.close();
      },
    });
  };
  const ours = async (i: number): Promise<ReadableStream<Part>> => (await model.doStream(callOf(i, 1000))).stream;
  const first = (open: (i: number) => Promise<ReadableStream<Part>>) => async (i: number) => {
    const reader = (await open(i)).getReader();
    const { value } = await reader.read();
    await reader.cancel();
    return value?.type.length ?? 0;
  };
  const all = (open: (i: number) => Promise<ReadableStream<Part>>) => async (i: number) => {
    let count = 0;
    for await (const _ of await open(i)) count += 1;
    return count;
  };
  return [
    await compare("first part of a replay", [repeating("ours", first(ours)), repeating("naive", first(replay))]),
    await compare(`all of ${parts.length} parts`, [repeating("ours", all(ours)), repeating("naive", all(replay))]),
  ];
}

/** From the call to the first piece of text that a reader shows, before the rest is read. */
async function measureFirstToken(dir: string, words: number, characters: number): Promise<BenchmarkRow> {
  const model = openModel(dir, partsOf(words));
  for (let i = 0; i < CALLS; i++) for await (const _ of (await model.doStream(callOf(i, characters))).stream);
  const contender = repeating("ours", async (i) => {
    const reader = (await model.doStream(callOf(i, characters))).stream.getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done || value?.type === "text-delta") break;
    }
    await reader.cancel();
    return 1;
  });
  const times = await measureRounds([contender], { batchSize: CALLS, rounds: 41, warmUpRounds: 10 });
  const name = `first token of ${words}, prompt of ${characters / 1000} kB`;
  return { case: name, ours: times.get("ours") ?? Number.NaN, unit: "us", goal: FIRST_TOKEN_US };
}

async function compare(what: string, contenders: readonly Contender[]): Promise<BenchmarkRow> {
  const times = await measureRounds(contenders, { batchSize: CALLS, rounds: 41, warmUpRounds: 10 });
  const [ours = Number.NaN, peerValue = Number.NaN] = contenders.map(({ name }) => times.get(name));
  return { case: what, ours, unit: "us", peer: "an unverified JSON file", peerValue, ratio: ours / peerValue, goal: 2 };
}

function repeating(name: string, get: (i: number) => Promise<number>): Contender {
  return {
    name,
    async run() {
      let sum = 0;
      for (let i = 0; i < CALLS; i++) sum += await get(i);
      return sum;
    },
  };
}
