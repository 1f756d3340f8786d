import fc from "fast-check";
import { expect, test } from "vitest";
import { wholeAnswers } from "../../src/models/answers.ts";
import { paramsOfCall } from "../../src/models/call-key.ts";
import type { ModelCall } from "../../src/models/model.ts";
import { memoryStore } from "../../src/store/memory-store.ts";

const RUNS = Number(process.env.PERSISTABLE_TEST_MODEL_CALLS ?? 40);
const dataDir = memoryStore();
const model = { specificationVersion: "v3", provider: "own", modelId: "m" };

function addressOf(call: ModelCall, of: typeof model = model): string {
  return wholeAnswers(paramsOfCall("answer", of, call, {}), { dataDir }).address;
}

/** Few values, so that calls are often equal, and often nearly so. */
const text = fc.constantFrom("", "a", "b", "1", "a".repeat(5000));
const bytes = fc.constantFrom(Uint8Array.of(97), Uint8Array.of(1, 2), new Uint8Array(5000));
const leaf = fc.oneof(text, fc.constantFrom(0, 1, true, false, null), bytes);
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.array(tie("value"), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom("x", "type", "$x", "provider", "__proto__"), tie("value"), { maxKeys: 2 }),
  ),
})).value;
const part = fc.record({ type: fc.constantFrom("text", "file"), text, data: bytes }, { requiredKeys: ["type"] });
const call: fc.Arbitrary<ModelCall> = fc.record(
  {
    prompt: fc.array(
      fc.record({ role: fc.constantFrom("user", "system"), content: fc.array(part, { maxLength: 2 }) }),
      {
        maxLength: 2,
      },
    ),
    temperature: fc.constantFrom(0, 0.5, 1),
    maxOutputTokens: fc.constantFrom(1, 2),
    stopSequences: fc.array(text, { maxLength: 2 }),
    seed: fc.constantFrom(0, 1),
    tools: fc.array(fc.record({ type: fc.constant("function"), name: text, inputSchema: json }), { maxLength: 2 }),
    toolChoice: fc.record({ type: fc.constantFrom("auto", "none") }),
    providerOptions: fc.dictionary(fc.constantFrom("openai", "own"), json, { maxKeys: 2 }),
    provider: text,
    modelId: text,
    scope: text,
    "call.provider": text,
    optionOfALaterVersion: json,
  },
  { requiredKeys: ["prompt"] },
);

/** The part that a call says, as one text: written here a second time, and in another way. */
function meaningOf(value: unknown): string {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString("hex")}`;
  if (Array.isArray(value)) return `[${value.map(meaningOf).join()}]`;
  if (typeof value !== "object" || value === null) return `${typeof value} ${JSON.stringify(value)}`;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return `{${entries
    .map(([key, inner]) => `${JSON.stringify(key)}:${meaningOf(inner)}`)
    .sort()
    .join()}}`;
}

function meaningOfCall(given: ModelCall): string {
  const { tools, toolChoice, providerOptions, ...rest } = given;
  const hasTools = Array.isArray(tools) && tools.length > 0;
  const hasOptions = providerOptions !== undefined && Object.keys(providerOptions).length > 0;
  return meaningOf({ ...rest, ...(hasTools ? { tools, toolChoice } : {}), ...(hasOptions ? { providerOptions } : {}) });
}

test("calls have one address if and only if they say the same", () => {
  const meanings = new Map<string, string>();
  fc.assert(
    fc.property(fc.array(call, { minLength: 2, maxLength: 12 }), (calls) => {
      for (const given of calls) {
        const address = addressOf(given);
        const meaning = meaningOfCall(given);
        expect(meanings.get(address) ?? meaning).toBe(meaning);
        meanings.set(address, meaning);
      }
      expect(new Set(meanings.values()).size).toBe(meanings.size);
    }),
    { numRuns: RUNS },
  );
  expect(meanings.size).toBeGreaterThan(RUNS);
});

/** The same call as another program, or another release of the SDK, would make it. */
function asAnother(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (Array.isArray(value)) return value.map(asAnother);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries([["left out", undefined], ...entries.map(([key, inner]) => [key, asAnother(inner)])]);
}

test("a call hits whatever the order of its keys, its headers, its signal, and what is undefined", () => {
  fc.assert(
    fc.property(call, (given) => {
      const { signal } = new AbortController();
      const another = { ...Object(asAnother(given)), headers: { "user-agent": "x" }, abortSignal: signal };
      expect(addressOf(another)).toBe(addressOf(given));
      expect(addressOf({ ...another, providerOptions: { ...another.providerOptions, persistable: { draw: 1 } } })).toBe(
        addressOf(given),
      );
    }),
    { numRuns: RUNS },
  );
});

test("long calls are told apart as well, and never taken for bytes", () => {
  const long = "a".repeat(300_000);
  const bytesOf = (value: string) => new TextEncoder().encode(value);
  const calls = [
    { prompt: [long, "b".repeat(2000)] },
    { prompt: [long, "c".repeat(2000)] },
    { prompt: [long, bytesOf("b".repeat(2000))] },
    { prompt: [long.slice(1), "b".repeat(2000)] },
    { prompt: [long, { text: "b".repeat(2000) }] },
  ];
  expect(new Set(calls.map((given) => addressOf(given))).size).toBe(calls.length);
});

test("version, provider and model id count", () => {
  const models = [
    model,
    { ...model, specificationVersion: "v2" },
    { ...model, provider: "o" },
    { ...model, modelId: "n" },
  ];
  expect(new Set(models.map((of) => addressOf({ prompt: [] }, of))).size).toBe(models.length);
});
