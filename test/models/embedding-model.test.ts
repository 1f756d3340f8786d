import { createOpenAI } from "@ai-sdk/openai";
import { APICallError, embed, embedMany } from "ai";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { NotPersistedError } from "../../src/errors/persistable-errors.ts";
import { persistModel } from "../../src/models/persist-model.ts";
import { definePersistable } from "../../src/persistable/define-persistable.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import { type ModelServer, startModelServer } from "../support/servers/model-server.ts";

let server: ModelServer;
beforeAll(async () => {
  server = await startModelServer();
});
afterAll(() => server[Symbol.asyncDispose]());
afterEach(() => {
  server.requests.length = 0;
  server.behave = () => ({});
});

const openai = () => createOpenAI({ baseURL: `${server.url}/v1`, apiKey: "key" }).embedding("e1");
const valuesSent = () => server.requests.flatMap(({ body }) => body.input).length;

test("embedMany asks for each new value once, and gives the vectors in order, bit by bit", async () => {
  const model = persistModel(openai(), { dataDir: memoryStore() });
  const values = ["a", "b", "a", "c"];
  const bare = await embedMany({ model: openai(), values });
  server.requests.length = 0;
  const first = await embedMany({ model, values });
  expect(first.embeddings).toEqual(bare.embeddings);
  expect(valuesSent()).toBe(3);
  expect(first.usage.tokens).toBe(6);
  const second = await embedMany({ model, values: ["d", ...values] });
  expect(second.embeddings.slice(1)).toEqual(bare.embeddings);
  expect(valuesSent()).toBe(4);
  expect(second.usage.tokens).toBe(2);
  expect(second.providerMetadata?.persistable).toEqual({ hits: 3, misses: 1, calls: 1 });
  expect((await embed({ model, value: "b" })).embedding).toEqual(bare.embeddings[1]);
  expect(valuesSent()).toBe(4);
  await embedMany({ model, values, providerOptions: { openai: { dimensions: 2 } } });
  expect(valuesSent()).toBe(7);
});

const VALUES = Number(process.env.PERSISTABLE_TEST_EMBEDDED_VALUES ?? 500);

test("of many values with 37 new ones 37 are paid for", async () => {
  const dataDir = memoryStore();
  const values = Array.from({ length: VALUES }, (_, i) => `chunk ${i}`);
  await embedMany({ model: persistModel(openai(), { dataDir }), values: values.slice(37) });
  expect(valuesSent()).toBe(VALUES - 37);
  server.requests.length = 0;
  const { embeddings, usage } = await embedMany({ model: persistModel(openai(), { dataDir }), values });
  expect([embeddings.length, valuesSent(), server.requests.length, usage.tokens]).toEqual([VALUES, 37, 1, 74]);
});

test("a generator that embeds is not warned of a load that it cannot declare, and has its cost", async () => {
  const dataDir = memoryStore();
  const model = persistModel(openai(), { prices: { e1: { input: 1, output: 0 } } });
  const index = definePersistable({
    name: "embedded_index",
    generate: async () => (await embedMany({ model, values: ["a", "b"] })).embeddings,
  });
  const warnings: string[] = [];
  const note = ({ message }: Error): void => void warnings.push(message);
  process.on("warning", note);
  const made = index({}, { dataDir });
  await made.payload;
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", note);
  expect(warnings).toEqual([]);
  expect((await made.record())?.provenance.cost).toEqual({ inputTokens: 4, usd: 0.000004 });
});

test("a failure is the provider's, with the SDK's retries, and what was embedded before it is kept", async () => {
  const model = persistModel(openai(), { dataDir: memoryStore() });
  server.behave = (_request, number) => (number === 1 ? { status: 429 } : {});
  await embedMany({ model, values: ["a"], maxRetries: 1 });
  expect(server.requests.length).toBe(2);
  server.behave = () => ({ status: 400 });
  const failure = await embedMany({ model, values: ["a", "b"] }).catch((error) => error);
  expect(APICallError.isInstance(failure) && failure.statusCode).toBe(400);
});

test("replay fails for values that were never embedded, and says how many", async () => {
  const dataDir = memoryStore();
  await embedMany({ model: persistModel(openai(), { dataDir }), values: ["a"] });
  const model = persistModel(openai(), { dataDir, mode: "replay" });
  expect((await embedMany({ model, values: ["a"] })).embeddings.length).toBe(1);
  const failure = await embedMany({ model, values: ["a", "b", "c"] }).catch((error) => error);
  expect(failure).toBeInstanceOf(NotPersistedError);
  expect(String(failure)).toMatch(/2 of 3 values were never embedded, the first of them "b"/);
  expect(server.requests.length).toBe(1);
});
