import { inspect } from "node:util";
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { afterAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { openDisplay } from "../../src/entry/display.ts";
import { definePersistable, Secret, secret } from "../../src/entry/index.ts";
import { traceRun } from "../../src/entry/opentelemetry.ts";
import { type RunListener, run } from "../../src/entry/pipeline.ts";
import { HERE, sendCanaries } from "../support/canary-channels.ts";
import { own } from "../support/canary-definitions.ts";
import { CANARY, leaksIn } from "../support/canary-ways.ts";
import { chosenCases } from "../support/chosen-cases.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
afterAll(() => stderr.mockRestore());

/** Everything that reads a run and hands it on: a terminal, a log of CI, a collector of spans. */
async function openReaders(): Promise<{ listeners: RunListener[]; written(): string }> {
  const texts: string[] = [];
  const write = (text: string): void => void texts.push(text);
  const displays = await Promise.all([
    openDisplay({ stream: { write }, live: false }),
    openDisplay({ stream: { write, isTTY: true, columns: 200, rows: 50 }, live: true }),
  ]);
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const onSpans = traceRun({ tracer: provider.getTracer("test") });
  return {
    listeners: [...displays.map(({ onEvent }) => onEvent), onSpans],
    written: () => {
      const spans = exporter.getFinishedSpans();
      texts.push(
        ...spans.map(({ name, attributes, events, status }) =>
          inspect([name, attributes, events, status], { depth: 9 }),
        ),
      );
      texts.push(...stderr.mock.calls.map(([text]) => String(text)));
      return texts.join("\n");
    },
  };
}

test("each sign of the canary is found where there is one", () => {
  for (const text of [CANARY, encodeURIComponent(CANARY), Buffer.from(CANARY).toString("hex")]) {
    expect(leaksIn(`x ${text} y`)).not.toEqual([]);
  }
  for (const user of ["", "u", "us", "use"]) {
    expect(leaksIn(`Basic ${Buffer.from(`${user}${CANARY}:x`).toString("base64")}`)).not.toEqual([]);
  }
});

test.each(chosenCases(Object.entries(HERE), 2))(
  "whatever a generator does with a secret (%s), nothing that the library writes, tells or composes has it",
  async (holder, make) => {
    await using folder = await temporaryFolder();
    const openNone = async () => ({ listeners: [], written: () => "" });
    const { leaks, masked } = await sendCanaries(
      { [holder]: make },
      folder.path,
      holder === "own" ? openReaders : openNone,
    );
    expect(leaks).toEqual([]);
    // There was something to mask in every channel: otherwise this test would prove nothing.
    expect(masked).toEqual(
      expect.arrayContaining([...CHANNELS, ...(holder === "own" ? ["the record", "other listeners"] : [])]),
    );
  },
);

const CHANNELS = [
  "a map",
  "events",
  "events of a run",
  "files *.json",
  "files *.jsonl",
  "files *.log",
  "files *.pack",
  "logger",
  "runs",
  "the failure record",
  "what run throws",
];

test("the caller gets the error itself: thrown where it was called, and as the error of a failure", async () => {
  await using folder = await temporaryFolder();
  const target = own({ way: "message", apiKey: secret(CANARY) }, { dataDir: folder.path });
  await expect(target.payload).rejects.toThrow(CANARY);
  const failed = await run(target).catch((error: unknown) => error);
  const { failures } = (failed as { result: { failures: { error: Error; described: Error }[] } }).result;
  expect(failures[0]?.error.message).toContain(CANARY);
  expect(failures[0]?.described).toMatchObject({ name: "Error", message: "401: key [secret] is unknown" });
  expect(failed).toMatchObject({ message: expect.stringContaining("401: key [secret] is unknown") });
  expect((failed as Error).cause).toMatchObject({ message: "401: key [secret] is unknown" });
});

test("a cause without a secret is the error itself", async () => {
  class Refused extends Error {}
  const thrown = new Refused("no luck");
  const refusing = definePersistable({
    name: "refusing",
    params: z.object({ apiKey: z.instanceof(Secret), quotes: z.boolean() }),
    generate: ({ params }) => {
      throw params.quotes ? new Refused(`no luck with ${params.apiKey.reveal()}`) : thrown;
    },
  });
  await using folder = await temporaryFolder();
  const causeOf = async (quotes: boolean): Promise<unknown> => {
    const target = refusing({ apiKey: secret(CANARY), quotes }, { dataDir: folder.path });
    return ((await run(target).catch((error: unknown) => error)) as Error).cause;
  };
  expect(await causeOf(false)).toBe(thrown);
  const copy = await causeOf(true);
  expect(copy).toBeInstanceOf(Refused);
  expect(copy).toMatchObject({ message: "no luck with [secret]" });
});

test("what a schema says of params is left out where it may quote a secret, and kept elsewhere", () => {
  const strict = definePersistable({
    name: "strict",
    params: z.object({
      n: z.number(),
      apiKey: z.instanceof(Secret).superRefine((given, context) => {
        const key = String(given.reveal());
        for (const message of [
          `bad ${key}`,
          Buffer.from(`u:${key}`).toString("base64"),
          encodeURIComponent(key),
          key.slice(2, 11),
        ])
          context.addIssue({ code: "custom", message });
      }),
    }),
    generate: () => 1,
  });
  const refused = (() => {
    try {
      return strict({ n: "one" as unknown as number, apiKey: secret(CANARY) });
    } catch (error) {
      return error as Error;
    }
  })();
  expect(leaksIn(inspect(refused, { depth: 9 }))).toEqual([]);
  expect(refused).toMatchObject({ code: "PERSISTABLE_INVALID_PARAMS" });
  expect((refused as Error).message).toMatch(/params\.n: .*expected number/);
});

test("nor is anything said of a schema that throws with a secret", () => {
  const schema: StandardSchemaV1<{ apiKey: Secret }> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (input) => {
        throw new Error(`bad ${(input as { apiKey: Secret }).apiKey.reveal()}`);
      },
    },
  };
  const throwing = definePersistable({ name: "throwing", params: schema, generate: () => 1 });
  const refused = (() => {
    try {
      return throwing({ apiKey: secret(CANARY) });
    } catch (error) {
      return error;
    }
  })();
  expect(leaksIn(inspect(refused, { depth: 9 }))).toEqual([]);
  expect(refused).toMatchObject({ code: "PERSISTABLE_DEFINITION", message: expect.stringContaining("left out") });
});
