import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { definePersistable, memoryStore } from "../../src/entry/index.ts";
import { traceRun } from "../../src/entry/opentelemetry.ts";
import { run } from "../../src/entry/pipeline.ts";

interface WireSpan {
  readonly name: string;
  readonly spanId: string;
  readonly traceId: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
  readonly events: readonly { readonly name: string; readonly attributes: WireSpan["attributes"] }[];
  readonly status: { readonly code?: number; readonly message?: string };
}

/** The spans that a real collector receives over HTTP. */
const received: WireSpan[] = [];
let collector: Server;

beforeAll(async () => {
  collector = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = JSON.parse(Buffer.concat(chunks).toString());
      for (const resource of body.resourceSpans) for (const scope of resource.scopeSpans) received.push(...scope.spans);
      response.setHeader("content-type", "application/json").end("{}");
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
});

afterAll(() => {
  collector.close();
});

function attributesOf({ attributes }: Pick<WireSpan, "attributes">): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

test("a run arrives at a collector as a span, with a child for each generator", async () => {
  const { port } = collector.address() as AddressInfo;
  const exporter = new OTLPTraceExporter({ url: `http://127.0.0.1:${port}/v1/traces` });
  const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
  const quick = definePersistable({
    name: "quick",
    generate: ({ cost }) => {
      cost({ usd: 0.5 });
      return "x";
    },
  });
  const there = definePersistable({ name: "there", generate: () => 1 });
  let attempts = 0;
  const bad = definePersistable({
    name: "bad",
    dependencies: { quick, there },
    retries: { retries: 1, minDelayMs: 1 },
    generate: () => {
      throw new RangeError(`no luck ${++attempts}`);
    },
  });
  const dataDir = memoryStore();
  await there({}, { dataDir }).payload;
  const target = bad({}, { dataDir });
  await run(target, { onEvent: traceRun({ tracer: provider.getTracer("test") }) }).catch(() => {});
  await provider.shutdown();

  expect(received.map(({ name }) => name).sort()).toEqual([
    "persistable.generate bad",
    "persistable.generate quick",
    "persistable.run",
  ]);
  const byName = Object.fromEntries(received.map((span) => [span.name, span]));
  const [whole, generated, failed] = ["persistable.run", "persistable.generate quick", "persistable.generate bad"].map(
    (name) => byName[name] as WireSpan,
  );
  if (whole === undefined || generated === undefined || failed === undefined) throw new Error("no spans");
  expect(whole.parentSpanId ?? "").toBe("");
  expect([generated.parentSpanId, failed.parentSpanId]).toEqual([whole.spanId, whole.spanId]);
  expect(new Set([whole.traceId, generated.traceId, failed.traceId]).size).toBe(1);
  expect(BigInt(whole.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(failed.endTimeUnixNano));
  expect(attributesOf(whole)).toMatchObject({
    "persistable.state": "failed",
    "persistable.generated": 1,
    "persistable.failed": 1,
    "persistable.hits": 1,
    "persistable.cost.usd": 0.5,
  });
  expect(attributesOf(generated)).toMatchObject({
    "persistable.name": "quick",
    "persistable.outcome": "generated",
    "persistable.cost.usd": 0.5,
  });
  expect(attributesOf(failed)).toMatchObject({
    "persistable.address": target.address,
    "persistable.outcome": "failed",
    "persistable.attempt": 2,
  });
  expect(failed.status).toMatchObject({ code: 2, message: "no luck 2" });
  expect(failed.events.map(({ name }) => name)).toEqual(["retried", "exception"]);
  expect(attributesOf(failed.events[1] as WireSpan["events"][0])).toMatchObject({ "exception.type": "RangeError" });
});
