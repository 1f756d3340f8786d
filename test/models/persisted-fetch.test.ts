import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { withDraw } from "../../src/models/draws.ts";
import { persistedFetch } from "../../src/models/persisted-fetch.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import { type Behavior, type ModelServer, startModelServer } from "../support/servers/model-server.ts";

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

type Client = (fetch: ReturnType<typeof persistedFetch>) => {
  ask(question: string, more?: object): Promise<string>;
  stream(question: string): Promise<string>;
};

const clients: Readonly<Record<string, Client>> = {
  OpenAI: (fetch) => {
    const client = new OpenAI({ apiKey: "key", baseURL: `${server.url}/v1`, fetch, maxRetries: 0 });
    const call = (content: string) => ({ model: "m1", messages: [{ role: "user" as const, content }] });
    return {
      ask: async (question, more) =>
        (await client.chat.completions.create({ ...call(question), ...more })).choices[0]?.message.content ?? "",
      stream: async (question) => {
        let text = "";
        const stream = await client.chat.completions.create({ ...call(question), stream: true });
        for await (const { choices } of stream) text += choices[0]?.delta.content ?? "";
        return text;
      },
    };
  },
  Anthropic: (fetch) => {
    const client = new Anthropic({ apiKey: "key", baseURL: server.url, fetch, maxRetries: 0 });
    const call = (content: string) => ({
      model: "claude-x",
      max_tokens: 100,
      messages: [{ role: "user" as const, content }],
    });
    return {
      ask: async (question, more) => {
        const { content } = await client.messages.create({ ...call(question), ...more });
        return content.map((block) => (block.type === "text" ? block.text : "")).join("");
      },
      stream: async (question) => {
        let text = "";
        for await (const event of await client.messages.create({ ...call(question), stream: true }))
          if (event.type === "content_block_delta" && event.delta.type === "text_delta") text += event.delta.text;
        return text;
      },
    };
  },
};

test.each(Object.entries(clients))("%s: whole and streamed answers are asked for once", async (_name, client) => {
  const fetch = persistedFetch({ dataDir: memoryStore() });
  const { ask, stream } = client(fetch);
  const answers = [await ask("Why?"), await ask("Why?"), await stream("Why?"), await stream("Why?")];
  expect(answers[0]).toMatch(/^answer 1 to/);
  expect([answers[1], answers[3], server.requests.length]).toEqual([answers[0], answers[2], 2]);
  expect(await ask("Why?", { temperature: 0.5 })).toMatch(/^answer 3/);
  expect(await withDraw(1, () => ask("Why?"))).toMatch(/^answer 4/);
  expect(await withDraw(1, () => ask("Why?"))).toMatch(/^answer 4/);
  const equal = await Promise.all(Array.from({ length: 5 }, () => stream("Wherefore?")));
  expect([new Set(equal).size, server.requests.length]).toEqual([1, 5]);
});

test.each(
  Object.entries(clients).flatMap(([name, client]) =>
    ([{ cut: "socket" }, { cut: "soft" }, { cut: "error" }, { finish: "content_filter" }] as const).map(
      (behavior): [string, Client, Behavior] => [name, client, behavior],
    ),
  ),
)("%s: a stream is not kept that %o", async (_name, client, behavior) => {
  const { stream } = client(persistedFetch({ dataDir: memoryStore() }));
  server.behave = (_request, number) => (number === 1 ? behavior : {});
  await stream("Why?").catch(() => {});
  expect(await stream("Why?")).toMatch(/^answer 2/);
  expect(await stream("Why?")).toMatch(/^answer 2/);
  expect(server.requests.length).toBe(2);
});

test.each(Object.entries(clients))(
  "%s: a failure keeps its status, and replay says what is missing",
  async (_name, client) => {
    const dataDir = memoryStore();
    const { ask } = client(persistedFetch({ dataDir }));
    server.behave = (_request, number) => (number === 1 ? { status: 429 } : {});
    expect(await ask("Why?").catch((error) => error.status)).toBe(429);
    expect(await ask("Why?")).toMatch(/^answer 2/);
    const replaying = client(persistedFetch({ dataDir, mode: "replay" }));
    expect(await replaying.ask("Why?")).toMatch(/^answer 2/);
    const failure = await replaying.ask("Wherefore?").catch((error) => error);
    expect([failure.status, String(failure.message)]).toEqual([
      404,
      expect.stringContaining("model_response is not persisted"),
    ]);
    expect(server.requests.length).toBe(2);
  },
);

test("a stored response tells when it was made, and what it has cost", async () => {
  const responses: Response[] = [];
  const persisted = persistedFetch({ dataDir: memoryStore() });
  const { ask } = (clients.OpenAI as Client)(async (...request) => {
    const response = await persisted(...request);
    responses.push(response);
    return response;
  });
  const began = new Date().toISOString();
  await ask("Why?");
  await ask("Why?");
  const [live, stored] = responses.map(({ headers }) => headers);
  expect(live?.get("x-persistable-created-at")).toBeNull();
  const createdAt = stored?.get("x-persistable-created-at") ?? "";
  expect(createdAt >= began && createdAt <= new Date().toISOString()).toBe(true);
  const cost: unknown = JSON.parse(stored?.get("x-persistable-cost") ?? "");
  expect(cost).toEqual({ inputTokens: expect.any(Number), outputTokens: expect.any(Number) });
});

test("other requests, and those with a credential in their body, pass through", async () => {
  const fetch = persistedFetch({ dataDir: memoryStore() });
  const send = async (init: RequestInit) => (await fetch(`${server.url}/v1/embeddings?key=abc`, init)).status;
  await send({ method: "POST", body: '{"input": ["sk-abcdefgh0123456789abcdef"]}' });
  await send({ method: "POST", body: '{"input": ["sk-abcdefgh0123456789abcdef"]}' });
  await send({ method: "POST", body: new TextEncoder().encode('{"input": []}') });
  expect(server.requests.length).toBe(3);
  await send({ method: "POST", body: '{"input": ["a"], "model": "e"}' });
  await send({ method: "POST", body: '{ "model": "e", "input": ["a"] }' });
  expect(server.requests.length).toBe(4);
  expect(() => persistedFetch({ retries: 3 } as never)).toThrow(/no option "retries"/);
});
