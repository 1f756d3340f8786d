import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, jsonSchema, stepCountIs, streamObject, streamText, tool } from "ai";
import { createOpenAI as createOpenAIOfV2 } from "ai-sdk-openai-v2";
import { streamText as streamTextOfV2 } from "ai-v5";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { LanguageModel, ModelCall, StreamPart } from "../../src/models/model.ts";
import type { ModelOptions } from "../../src/models/model-options.ts";
import { persistModel } from "../../src/models/persist-model.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import { type Behavior, type ModelServer, startModelServer } from "../support/servers/model-server.ts";

globalThis.AI_SDK_LOG_WARNINGS = false;
let server: ModelServer;
beforeAll(async () => {
  server = await startModelServer();
});
afterAll(() => server[Symbol.asyncDispose]());
afterEach(() => {
  server.requests.length = 0;
  server.closed.length = 0;
  server.behave = () => ({});
});

const options = () => ({ baseURL: `${server.url}/v1`, apiKey: "key" });
const openai = () => createOpenAI(options()).chat("m1");
/** Each speaks its own wire format, and has the shapes of its own specification. */
const providers: Readonly<Record<string, () => LanguageModel>> = {
  "OpenAI, version 2": () => createOpenAIOfV2(options()).chat("m1") as unknown as LanguageModel,
  "OpenAI, version 3": () => openai() as unknown as LanguageModel,
  "OpenAI's responses, version 3": () => createOpenAI(options())("m1") as unknown as LanguageModel,
  "Anthropic, version 3": () => createAnthropic(options())("claude-x") as unknown as LanguageModel,
};
const CALL = { prompt: [{ role: "user", content: [{ type: "text", text: "Why?" }] }] };

async function partsOf(model: LanguageModel, call: ModelCall = CALL): Promise<StreamPart[]> {
  const { stream } = await model.doStream(call);
  const parts: StreamPart[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

/** The parts without what the wrapper says of them. */
function bare(parts: readonly StreamPart[]): StreamPart[] {
  return parts.map((part) => {
    const { persistable, ...metadata } = Object(part.providerMetadata);
    if (persistable === undefined) return part;
    const { providerMetadata: _, ...rest } = part;
    return Object.keys(metadata).length === 0 ? rest : { ...rest, providerMetadata: metadata };
  });
}

function withoutEmpty(parts: readonly StreamPart[]): StreamPart[] {
  return parts.map((part) => {
    if (part.providerMetadata !== undefined && Object.keys(Object(part.providerMetadata)).length > 0) return part;
    const { providerMetadata: _, ...rest } = part;
    return rest;
  });
}

describe.each(Object.entries(providers))("the stream of %s", (_name, provider) => {
  test("is replayed part by part as the provider gave it, and so is a whole answer", async () => {
    const dataDir = memoryStore();
    server.behave = () => ({ text: "Because of Rayleigh." });
    const original = await partsOf(provider());
    server.requests.length = 0;
    const live = await partsOf(persistModel(provider(), { dataDir }));
    const replayed = await partsOf(persistModel(provider(), { dataDir }));
    expect(server.requests.length).toBe(1);
    expect(original.length).toBeGreaterThan(6);
    expect(withoutEmpty(bare(live))).toStrictEqual(withoutEmpty(original));
    expect(withoutEmpty(bare(replayed))).toStrictEqual(withoutEmpty(original));
    expect(replayed.at(-1)?.providerMetadata).toMatchObject({ persistable: { source: "store" } });
    const { request: _, response, ...whole } = await provider().doGenerate(CALL);
    server.requests.length = 1;
    for (let i = 0; i < 2; i++) {
      const answer = await persistModel(provider(), { dataDir }).doGenerate(CALL);
      expect(answer.content).toStrictEqual(whole.content);
      expect([answer.usage, answer.finishReason]).toStrictEqual([whole.usage, whole.finishReason]);
      expect(answer.response?.id).toBe(response?.id);
    }
    expect(server.requests.length).toBe(2);
  });

  test.each<Behavior>([
    { cut: "socket" },
    { cut: "soft" },
    { cut: "error" },
    { finish: "length" },
    { finish: "content_filter" },
  ])("is not kept after %o, and reaches its reader as without us", async (behavior) => {
    const model = persistModel(provider(), { dataDir: memoryStore() });
    server.behave = () => ({ text: "one two", ...behavior });
    const original = await partsOf(provider()).catch((error) => String(error));
    server.requests.length = 0;
    const first = await partsOf(model).then(bare, (error) => String(error));
    if (typeof original === "string") expect(first).toBe(original);
    else expect(first).toMatchObject(original.map(({ type }) => ({ type })));
    await partsOf(model).catch(() => {});
    expect(server.requests.length).toBe(2);
    server.behave = () => ({});
    await partsOf(model);
    await partsOf(model);
    expect(server.requests.length).toBe(3);
  });
});

test("parts of version 4 of every kind come back with their dates, bytes, URLs and what is undefined", async () => {
  const parts: StreamPart[] = [
    { type: "stream-start", warnings: [{ type: "unsupported", feature: "seed", details: undefined }] },
    { type: "response-metadata", id: "r1", timestamp: new Date(1e12), modelId: "m4-2026" },
    { type: "reasoning-start", id: "0", providerMetadata: { own: { signature: "abc" } } },
    { type: "reasoning-delta", id: "0", delta: "hm" },
    { type: "reasoning-end", id: "0" },
    { type: "reasoning-file", mediaType: "image/png", data: { type: "data", data: Uint8Array.of(1, 2, 3) } },
    { type: "text-start", id: "1" },
    { type: "text-delta", id: "1", delta: "half a pair: \ud800" },
    { type: "text-end", id: "1" },
    { type: "file", mediaType: "text/plain", data: { type: "url", url: new URL("https://example.com/a") } },
    { type: "source", sourceType: "url", id: "s", url: "https://example.com", title: undefined },
    { type: "custom", kind: "own.thing", $odd: [undefined, -0, Number.NaN] },
    { type: "tool-call", toolCallId: "c1", toolName: "search", input: '{"q":1}' },
    { type: "raw", rawValue: { any: [1n] } },
    {
      type: "finish",
      finishReason: { unified: "tool-calls", raw: undefined },
      usage: { inputTokens: { total: 5, noCache: 5, cacheRead: undefined }, outputTokens: { total: 2 } },
    },
  ];
  let calls = 0;
  const model = persistModel(
    {
      specificationVersion: "v4",
      provider: "own",
      modelId: "m4",
      doGenerate: () => Promise.reject(new Error("streams only")),
      doStream: async () => {
        calls += 1;
        return { stream: ReadableStream.from<StreamPart>(parts) };
      },
    },
    { dataDir: memoryStore() },
  );
  const reads = [await partsOf(model), await partsOf(model)];
  expect(reads.map(bare)).toStrictEqual([parts, parts]);
  expect(calls).toBe(1);
});

describe("the readers of one stream", () => {
  test("get it at the same time, late ones from the first part on, for one request", async () => {
    const model = persistModel(openai(), { dataDir: memoryStore() });
    server.behave = () => ({ text: "one two three four five six", delayMs: 10 });
    const deltas: string[] = [];
    const read = async (name: string): Promise<string> => {
      let text = "";
      for await (const delta of streamText({ model, prompt: "Why?" }).textStream) {
        deltas.push(name);
        text += delta;
      }
      return text;
    };
    const early = read("early");
    await expect.poll(() => deltas.length, { interval: 1 }).toBeGreaterThan(0);
    const late = read("late");
    expect(await Promise.all([early, late])).toEqual(Array(2).fill("one two three four five six"));
    expect(server.requests.length).toBe(1);
    // The late one did not wait for the end.
    expect(deltas.indexOf("late")).toBeLessThan(deltas.lastIndexOf("early"));
  });

  test("may leave: the request ends with the last of them, or goes on to be kept", async () => {
    server.behave = () => ({ text: "one two three four five six", delayMs: 10 });
    const leave = async (more: ModelOptions): Promise<void> => {
      const { stream } = await persistModel(providers["OpenAI, version 3"]?.() ?? expect.unreachable(), more).doStream(
        CALL,
      );
      for await (const { type } of stream) if (type === "text-delta") break;
    };
    const aborting = memoryStore();
    await leave({ dataDir: aborting });
    await expect.poll(() => server.closed.length).toBe(1);
    const finishing = memoryStore();
    await leave({ dataDir: finishing, onLeave: "finish" });
    const replaying = persistModel(openai(), { dataDir: finishing, mode: "replay" });
    await expect
      .poll(() =>
        partsOf(replaying as unknown as LanguageModel).then(
          (parts) => parts.length,
          () => 0,
        ),
      )
      .toBeGreaterThan(6);
    expect([server.requests.length, server.closed.length]).toEqual([2, 1]);
  });

  test("abort without ending it for others", async () => {
    const model = persistModel(openai(), { dataDir: memoryStore() });
    server.behave = () => ({ text: "one two three four", delayMs: 10 });
    const giving = new AbortController();
    const first = partsOf(model as unknown as LanguageModel, { ...CALL, abortSignal: giving.signal }).catch(
      (error) => error.name,
    );
    const second = partsOf(model as unknown as LanguageModel);
    await expect.poll(() => server.requests.length).toBe(1);
    giving.abort();
    expect(await first).toBe("AbortError");
    expect((await second).at(-1)?.type).toBe("finish");
    expect([server.requests.length, server.closed.length]).toEqual([1, 0]);
  });
});

test("a refused stream is tried again by the SDK, and refresh replaces a stored one", async () => {
  const dataDir = memoryStore();
  server.behave = (_request, number) => (number < 3 ? { status: 429 } : { text: `try ${number}` });
  const read = (mode: "auto" | "refresh") =>
    streamText({ model: persistModel(openai(), { dataDir, mode }), prompt: "Why?", maxRetries: 2 }).text;
  expect([await read("auto"), await read("auto"), await read("refresh"), await read("auto")]).toEqual([
    "try 3",
    "try 3",
    "try 4",
    "try 4",
  ]);
});

test("a loop of tools and streamed objects are replayed whole; ai 5 reads streams too", async () => {
  const dataDir = memoryStore();
  const model = persistModel(openai(), { dataDir });
  server.behave = ({ body }) =>
    body.messages.some(({ role }: { role: string }) => role === "tool")
      ? { text: "It is blue." }
      : { tool: { name: "look", args: { at: "sky" } }, finish: "tool_calls" };
  let looks = 0;
  const look = tool({
    inputSchema: jsonSchema<{ at: string }>({ type: "object", properties: { at: { type: "string" } } }),
    execute: ({ at }) => {
      looks += 1;
      return `${at}: blue`;
    },
  });
  const ask = () => generateText({ model, prompt: "Color?", tools: { look }, stopWhen: stepCountIs(3) });
  const stream = () => streamText({ model, prompt: "Color?", tools: { look }, stopWhen: stepCountIs(3) }).text;
  const texts = [(await ask()).text, (await ask()).text, await stream(), await stream()];
  expect([texts, server.requests.length, looks]).toEqual([Array(4).fill("It is blue."), 4, 4]);
  server.behave = () => ({ text: '{"a": 1}' });
  const schema = jsonSchema<{ a: number }>({ type: "object", properties: { a: { type: "number" } } });
  const object = async () => {
    const { partialObjectStream, object } = streamObject({ model, schema, prompt: "Give a." });
    for await (const _ of partialObjectStream);
    return object;
  };
  expect([await object(), await object(), server.requests.length]).toEqual([{ a: 1 }, { a: 1 }, 5]);
  const ofV2 = persistModel(createOpenAIOfV2(options()).chat("m1"), { dataDir });
  const read = () => streamTextOfV2({ model: ofV2, prompt: "Why?" }).text;
  expect([await read(), await read(), server.requests.length]).toEqual(['{"a": 1}', '{"a": 1}', 6]);
});
