import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { APICallError, generateObject, generateText, jsonSchema, streamText, tool, wrapLanguageModel } from "ai";
import { createOpenAI as createOpenAIOfV2 } from "ai-sdk-openai-v2";
import { generateText as generateTextOfV2 } from "ai-v5";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { NotPersistedError } from "../../src/errors/persistable-errors.ts";
import { withDraw, withDraws } from "../../src/models/draws.ts";
import { persistMiddleware, persistModel } from "../../src/models/persist-model.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import { type ModelServer, startModelServer } from "../support/servers/model-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

globalThis.AI_SDK_LOG_WARNINGS = false;
let server: ModelServer;
beforeAll(async () => {
  server = await startModelServer();
});
afterAll(() => server[Symbol.asyncDispose]());
afterEach(() => {
  server.requests.length = 0;
  server.behave = () => ({});
});

const KEY = "sk-test-of-the-wrapper-0123456789abcdef";
const openai = () => createOpenAI({ baseURL: `${server.url}/v1`, apiKey: KEY }).chat("m1");
const search = tool({ description: "Searches.", inputSchema: jsonSchema({ type: "object", properties: {} }) });
const anthropic = () => createAnthropic({ baseURL: `${server.url}/v1`, apiKey: KEY })("claude-x");

describe("a call of generateText", () => {
  test("asks once: the answer, its response and its usage are the same from the store", async () => {
    for (const inner of [openai(), anthropic()]) {
      server.requests.length = 0;
      const model = persistModel(inner, { dataDir: memoryStore() });
      const call = () => generateText({ model, prompt: "Why is the sky blue?", maxRetries: 0 });
      const [first, second] = [await call(), await call()];
      expect(server.requests.length).toBe(1);
      expect(second.text).toBe(first.text);
      expect(second.response.id).toBe(first.response.id);
      // Anthropic does not say when it answered, and the SDK says now.
      if (inner.provider === "openai.chat") expect(second.response.timestamp).toEqual(first.response.timestamp);
      expect(second.response.timestamp).toBeInstanceOf(Date);
      expect(second.usage).toEqual(first.usage);
      expect(first.providerMetadata?.persistable).toMatchObject({ source: "model", draw: 0 });
      expect(second.providerMetadata?.persistable).toMatchObject({ source: "store", draw: 0 });
    }
  });

  test("has its cost, its answer as readable JSON, and no credential in its record", async () => {
    await using folder = await temporaryFolder();
    const prices = {
      m1: { input: 2, cachedInput: 1, output: 10 },
      "claude-x": { input: 2, cachedInput: 1, output: 10 },
    };
    for (const inner of [openai(), anthropic()]) {
      const model = persistModel(inner, { dataDir: folder.path, prices });
      await generateText({ model, prompt: "Why?", headers: { "x-own": "not-to-be-recorded" } });
    }
    const files = readdirSync(folder.path, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
    const texts = files.map((file) => readFileSync(path.join(file.parentPath, file.name), "utf8"));
    expect(texts.join()).not.toMatch(/sk-test|cookie-of-the-server|not-to-be-recorded/);
    const records = texts.filter((text) => text.includes('"provenance"')).map((text) => JSON.parse(text));
    const byProvider = Object.fromEntries(records.map((record) => [record.params.provider, record]));
    const ofOpenai = byProvider["openai.chat"];
    expect(ofOpenai.provenance.cost).toEqual({
      ...{ inputTokens: 11, cachedInputTokens: 3, outputTokens: 8, reasoningTokens: 2 },
      usd: (8 * 2 + 3 * 1 + 8 * 10) / 1e6,
    });
    expect(ofOpenai.summary).toMatchObject({ finishReason: "stop", toolCalls: 0, responseModel: "m1-2026" });
    expect(byProvider["anthropic.messages"].provenance.cost).toMatchObject({
      ...{ inputTokens: 14, cachedInputTokens: 3, outputTokens: 8 },
      usd: (11 * 2 + 3 * 1 + 8 * 10) / 1e6,
    });
    expect(JSON.stringify(ofOpenai)).toContain("answer 1 to m1");
  });

  test("says at a hit when the answer was made and what it has cost, and so do events", async () => {
    const saved: unknown[] = [];
    const begunAt = new Date().toISOString();
    const model = persistModel(openai(), {
      dataDir: memoryStore(),
      prices: { m1: { input: 2, output: 10 } },
      onEvent: (event) => event.type === "hit" && saved.push({ createdAt: event.createdAt, cost: event.cost }),
    });
    const cost = expect.objectContaining({ inputTokens: 11, outputTokens: 8, usd: (11 * 2 + 8 * 10) / 1e6 });
    const whole = () => generateText({ model, prompt: "Why?" });
    const streamed = async () => {
      const result = streamText({ model, prompt: "Why?" });
      await result.consumeStream();
      return { providerMetadata: await result.providerMetadata };
    };
    for (const call of [whole, streamed]) {
      const [first, second] = [await call(), await call()];
      expect(first.providerMetadata?.persistable).toMatchObject({ source: "model", cost });
      const mark = second.providerMetadata?.persistable;
      expect(mark).toMatchObject({ source: "store", cost });
      expect(mark?.createdAt).toSatisfy((at: string) => at >= begunAt && at <= new Date().toISOString());
      expect(saved.pop()).toEqual({ createdAt: mark?.createdAt, cost });
    }
  });

  test("is another one with another option, and the same with other headers, signals and orders of keys", async () => {
    const model = persistModel(openai(), { dataDir: memoryStore(), ignore: ["providerOptions.openai.user"] });
    const base = { model, prompt: "Why?", maxRetries: 0 };
    await generateText(base);
    const same: object[] = [
      { headers: { "user-agent": "another release" } },
      { abortSignal: new AbortController().signal },
      { maxRetries: 2 },
      { temperature: undefined },
      { providerOptions: { openai: { user: "u1" } } },
      { toolChoice: "auto" },
    ];
    for (const option of same) await generateText({ ...base, ...option });
    expect(server.requests.length).toBe(1);
    const others: object[] = [
      { temperature: 0 },
      { topP: 0.5 },
      { seed: 1 },
      { stopSequences: ["x"] },
      { maxOutputTokens: 100 },
      { presencePenalty: 0.1 },
      { system: "Be brief." },
      { providerOptions: { openai: { reasoningEffort: "low" } } },
      { tools: { search } },
      { tools: { search: { ...search, description: "Finds." } } },
      { tools: { search }, toolChoice: "none" },
      { providerOptions: { persistable: { draw: 1 } } },
    ];
    for (const option of others) await generateText({ ...base, ...option });
    expect(server.requests.length).toBe(1 + others.length);
    for (const option of others) await generateText({ ...base, ...option });
    expect(server.requests.length).toBe(1 + others.length);
  });

  test("of a file misses when one byte differs, and hits for a Buffer with the same bytes", async () => {
    const model = persistModel(openai(), { dataDir: memoryStore() });
    const ask = (data: Uint8Array) =>
      generateText({ model, messages: [{ role: "user", content: [{ type: "file", data, mediaType: "image/png" }] }] });
    const bytes = new Uint8Array(5000).fill(7);
    await ask(bytes);
    await ask(Buffer.from(bytes));
    expect(server.requests.length).toBe(1);
    await ask(bytes.with(4000, 8));
    expect(server.requests.length).toBe(2);
  });

  test("with a prompt of a megabyte is kept by the digest of the prompt", async () => {
    await using folder = await temporaryFolder();
    const model = persistModel(openai(), { dataDir: folder.path });
    const prompt = "word ".repeat(200_000);
    await generateText({ model, prompt });
    await generateText({ model, prompt });
    expect(server.requests.length).toBe(1);
    await generateText({ model, prompt: `${prompt}.` });
    expect(server.requests.length).toBe(2);
  });

  test("is made once for twenty equal calls at the same time", async () => {
    const model = persistModel(openai(), { dataDir: memoryStore() });
    server.behave = () => ({ delayMs: 20 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => generateText({ model, prompt: "Why?" })));
    expect(server.requests.length).toBe(1);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    const sources = answers.map(({ providerMetadata }) => providerMetadata?.persistable?.source);
    expect(sources.filter((source) => source === "model").length).toBe(1);
    expect(sources.filter((source) => source === "flight").length).toBe(19);
  });

  test("works through ai 5, and as a middleware", async () => {
    const dataDir = memoryStore();
    const ofV2 = persistModel(createOpenAIOfV2({ baseURL: `${server.url}/v1`, apiKey: KEY }).chat("m1"), { dataDir });
    const texts = [
      await generateTextOfV2({ model: ofV2, prompt: "Why?" }),
      await generateTextOfV2({ model: ofV2, prompt: "Why?" }),
    ];
    expect(texts[1]?.text).toBe(texts[0]?.text);
    expect(server.requests.length).toBe(1);
    const wrapped = wrapLanguageModel({ model: openai(), middleware: persistMiddleware("v3", { dataDir }) });
    const first = await generateText({ model: wrapped, prompt: "Why?" });
    expect((await generateText({ model: persistModel(openai(), { dataDir }), prompt: "Why?" })).text).toBe(first.text);
    expect(server.requests.length).toBe(2);
  });
});

describe("an answer is not kept", () => {
  test.each([
    ["that was cut by a limit of the provider", { finish: "length" }, {}],
    ["that was filtered", { finish: "content_filter" }, {}],
    ["without the tool that was demanded", { text: "no" }, { toolChoice: "required", tools: { search } }],
  ] as const)("%s", async (_what, behavior, call: object) => {
    const model = persistModel(openai(), { dataDir: memoryStore() });
    const ask = () => generateText({ model, prompt: "Why?", ...call }).catch((error) => error);
    server.behave = () => behavior;
    const first = await ask();
    await ask();
    expect(server.requests.length).toBe(2);
    if (!(first instanceof Error)) expect(first.providerMetadata?.persistable.unkept).toMatch(/./);
  });

  test("but is where its limit was asked for, or a rule of one's own says so", async () => {
    server.behave = () => ({ finish: "length" });
    const strict = persistModel(openai(), { dataDir: memoryStore() });
    await generateText({ model: strict, prompt: "Why?", maxOutputTokens: 5 });
    await generateText({ model: strict, prompt: "Why?", maxOutputTokens: 5 });
    expect(server.requests.length).toBe(1);
    const whys: (string | undefined)[] = [];
    const loose = persistModel(openai(), {
      dataDir: memoryStore(),
      keep: ({ finishReason, why }) => {
        whys.push(why);
        return finishReason === "length";
      },
    });
    await generateText({ model: loose, prompt: "Why?" });
    await generateText({ model: loose, prompt: "Why?" });
    expect(server.requests.length).toBe(2);
    expect(whys).toEqual(["the answer ended with length"]);
  });

  test("that is not the JSON that was asked for, so that asking again can help", async () => {
    const model = persistModel(openai(), { dataDir: memoryStore() });
    server.behave = (_request, number) => ({ text: number === 1 ? '{"a":' : '{"a":1}' });
    const schema = jsonSchema<{ a: number }>({ type: "object", properties: { a: { type: "number" } } });
    const ask = () => generateObject({ model, schema, prompt: "Give a." });
    await expect(ask()).rejects.toThrow();
    expect((await ask()).object).toEqual({ a: 1 });
    expect((await ask()).object).toEqual({ a: 1 });
    expect(server.requests.length).toBe(2);
  });

  test("that failed: the SDK tries again as without us, and gets the provider's own error", async () => {
    const model = persistModel(openai(), { dataDir: memoryStore() });
    server.behave = (_request, number) => (number < 3 ? { status: 429 } : {});
    expect((await generateText({ model, prompt: "Why?", maxRetries: 2 })).text).toBe("answer 3 to m1");
    await generateText({ model, prompt: "Why?" });
    expect(server.requests.length).toBe(3);
    server.behave = () => ({ status: 400 });
    const failure = await generateText({ model, prompt: "Wherefore?" }).catch((error) => error);
    expect(APICallError.isInstance(failure) && failure.statusCode).toBe(400);
  });
});

describe("draws", () => {
  test("are several answers to one call, each kept", async () => {
    const model = persistModel(openai(), { dataDir: memoryStore() });
    const ask = async () => (await generateText({ model, prompt: "Why?" })).text;
    const trials = async () => [await withDraw(0, ask), await withDraw(1, ask), await withDraw(2, ask)];
    const first = await trials();
    expect(new Set(first).size).toBe(3);
    expect([await trials(), await ask()]).toEqual([first, first[0]]);
    expect(server.requests.length).toBe(3);
  });

  test("count equal calls, and a failed call does not count", async () => {
    const model = persistModel(openai(), { dataDir: memoryStore() });
    const drawOf = async () => {
      const { providerMetadata } = await generateText({ model, prompt: "Why?", maxRetries: 1 });
      return providerMetadata?.persistable?.draw;
    };
    server.behave = (_request, number) => (number === 1 ? { status: 429 } : {});
    expect(await withDraws(async () => [await drawOf(), await drawOf()])).toEqual([0, 1]);
    expect(server.requests.length).toBe(3);
    expect((await withDraws(() => Promise.all([drawOf(), drawOf(), drawOf()]))).sort()).toEqual([0, 1, 2]);
    expect(server.requests.length).toBe(4);
  });
});

describe("modes", () => {
  test("replay never asks: a miss fails and says what differs", async () => {
    const dataDir = memoryStore();
    const model = persistModel(openai(), { dataDir });
    const replaying = persistModel(openai(), { dataDir, mode: "replay" });
    const text = "c ".repeat(200);
    const { text: kept } = await generateText({ model, prompt: `${text}end 1`, temperature: 0.5 });
    expect((await generateText({ model: replaying, prompt: `${text}end 1`, temperature: 0.5 })).text).toBe(kept);
    const failure = await generateText({ model: replaying, prompt: `${text}end 2`, temperature: 0.5 }).catch((e) => e);
    expect(failure).toBeInstanceOf(NotPersistedError);
    expect(failure.message).toMatch(
      /prompt\[0\]\.content\[0\]\.text: "…[c ]+end 2", nearest artifact has "…[c ]+end 1" .*mode is "replay"/,
    );
    await expect(streamText({ model: replaying, prompt: "x", onError: () => {} }).text).rejects.toThrow();
    expect(server.requests.length).toBe(1);
  });

  test("refresh asks and replaces; off asks and neither reads nor writes", async () => {
    const dataDir = memoryStore();
    const ask = async (mode: "auto" | "refresh" | "off") =>
      (await generateText({ model: persistModel(openai(), { dataDir, mode }), prompt: "Why?" })).text;
    const texts = [await ask("off"), await ask("auto"), await ask("off"), await ask("refresh"), await ask("auto")];
    expect(texts).toEqual([1, 2, 3, 4, 4].map((n) => `answer ${n} to m1`));
    const perCall = await generateText({
      model: persistModel(openai(), { dataDir }),
      prompt: "Why?",
      providerOptions: { persistable: { mode: "off" } },
    });
    expect([perCall.text, perCall.providerMetadata?.persistable]).toEqual(["answer 5 to m1", undefined]);
  });
});

test("a call with a credential is passed on and not kept, or refused where that is asked for", async () => {
  await using folder = await temporaryFolder();
  const prompt = `Is ${KEY} a key?`;
  const model = persistModel(openai(), { dataDir: folder.path });
  const [first, second] = [await generateText({ model, prompt }), await generateText({ model, prompt })];
  expect([first.text, second.text]).toEqual(["answer 1 to m1", "answer 2 to m1"]);
  expect(readdirSync(folder.path, { recursive: true }).filter((name) => String(name).endsWith(".json"))).toEqual([]);
  const strict = persistModel(openai(), { dataDir: folder.path, onUnpersistable: "throw" });
  await expect(generateText({ model: strict, prompt })).rejects.toThrow(/looks like a secret key/);
});

test("what is no model, and an option that does not exist, are refused", () => {
  expect(() => persistModel("gpt-4o" as never)).toThrow(/the name of a model/);
  expect(() => persistModel(openai(), { temperature: 1 } as never)).toThrow(/no option "temperature"/);
  expect(() => persistModel(openai(), { mode: "cached" as never })).toThrow(/auto, replay, refresh, off/);
});
