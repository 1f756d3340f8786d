import stringWidth from "string-width";
import { describe, expect, test } from "vitest";
import { fitText } from "../../src/display/fit-text.ts";
import { type Canvas, renderBlock, renderEnd } from "../../src/display/render-block.ts";
import { RunView } from "../../src/display/run-view.ts";
import type { RunEvent } from "../../src/events/run-event.ts";

const START = 1_700_000_000_000;
const NOW = START + 12_400;

type Body<Event> = Event extends RunEvent ? Omit<Event, "runId" | "atMs" | "address"> : never;

function view(...events: Body<RunEvent>[]): RunView {
  const made = new RunView();
  for (const event of events)
    made.handle({ runId: "r", atMs: START, address: "a".repeat(64), ...event } as unknown as RunEvent);
  return made;
}

function ofNodes(count: number): RunView {
  const started = Array.from(
    { length: count },
    (_, index): Body<RunEvent> => ({
      type: "started",
      index,
      name:
        index % 3 === 0 ? "corpus" : index % 3 === 1 ? "模型 embeddings 👩‍🔬 of a long name" : "evil\u001b[2J\nname",
      params: `{ n: ${index}, query: "what it is" }`,
      attempt: index === 1 ? 2 : 1,
      ...{ slot: index, waitedMs: 0, dependencies: [] },
      ...(index === 0 ? { expectedMs: 60_000 } : {}),
    }),
  );
  return view(
    {
      type: "planned",
      nodes: count * 2,
      hits: count,
      misses: count,
      concurrency: 8,
      expectedMs: 40_000,
      criticalPathMs: 30_000,
    },
    ...Array.from(
      { length: count },
      (_, index): Body<RunEvent> => ({ type: "hit", index: count + index, name: "there", savedMs: 1000 }),
    ),
    ...started,
    { type: "progress", index: 0, name: "corpus", done: 3, total: 10, note: "page 3" },
    { type: "progress", index: 1, name: "x", done: 12 },
    { type: "waiting", index: 2, name: "later", owner: "process 4711 on host" },
  );
}

const plain: Canvas = { columns: 79, rows: 24, color: false, nowMs: NOW };

describe("the block of a run", () => {
  test("has a line for each node that runs, those that are waited for last, and a summary", () => {
    expect(renderBlock(ofNodes(3), plain)).toMatchInlineSnapshot(`
      [
        "⠼ corpus               page 3                 ██░░░░░░  30%  12.4 s / 1 min 0 s",
        "⠼ 模型 embeddings 👩‍🔬…  attempt 2  { n: 1, query: "what…  12              12.4 s",
        "· later                waits for process 4711 on host, 12.4 s",
        "████████████████████░░░░░░░░░░░░░░░░░░░ 3/6  12.4 s, about 27.6 s left",
        "3 there (50%)  0 generated  longest chain 17.6 s of 30.0 s  saved 3.0 s",
      ]
    `);
  });

  test("says on which worker a node runs", () => {
    const node = { name: "fit", params: "{ degree: 2 }", attempt: 1, slot: 0, waitedMs: 0, dependencies: [] };
    const shown = view({ type: "started", index: 0, ...node, worker: "vm:4711" });
    expect(renderBlock(shown, plain)[0]).toBe(`⠼ fit       on vm:4711  { degree: 2 }${" ".repeat(36)}12.4 s`);
  });

  test("uses the room of a wide terminal", () => {
    expect(renderBlock(ofNodes(3), { ...plain, columns: 199 })).toMatchInlineSnapshot(`
      [
        "⠼ corpus                        page 3                                                                                                                        █████░░░░░░░░░░░  30%  12.4 s / 1 min 0 s",
        "⠼ 模型 embeddings 👩‍🔬 of a lon…  attempt 2  { n: 1, query: "what it is" }                                                                                                         12              12.4 s",
        "· later                         waits for process 4711 on host, 12.4 s",
        "████████████████████░░░░░░░░░░░░░░░░░░░░ 3/6  12.4 s, about 27.6 s left",
        "3 there (50%)  0 generated  longest chain 17.6 s of 30.0 s  saved 3.0 s",
      ]
    `);
  });

  test("shows as many as there is room for, the longest first, and how many more there are", () => {
    const lines = renderBlock(ofNodes(300), plain);
    expect(lines).toHaveLength(22);
    expect(lines[0]).toContain("corpus");
    expect(lines.at(-3)).toBe("… and 281 more");
  });

  test.each([20, 40, 79, 120, 199])(
    "is never wider than %d columns, with and without color, and has no control characters",
    (columns) => {
      for (const count of [0, 1, 3, 300]) {
        for (const color of [false, true]) {
          for (const line of renderBlock(ofNodes(count), { ...plain, columns, color })) {
            expect(stringWidth(line), line).toBeLessThanOrEqual(columns);
            // biome-ignore lint/suspicious/noControlCharactersInRegex: colors are allowed, and nothing else
            expect(line.replaceAll(/\u001b\[\d+m/g, "")).not.toMatch(/[\u0000-\u001f]/);
          }
        }
      }
    },
  );

  test("has color only where it is asked for", () => {
    expect(renderBlock(ofNodes(3), { ...plain, color: true }).join()).toContain("\u001b[");
    expect(renderBlock(ofNodes(3), plain).join()).not.toContain("\u001b");
  });
});

test("what a run came to is said in one line", () => {
  const ended = view(
    { type: "planned", nodes: 9, hits: 1, misses: 8, concurrency: 2 },
    {
      type: "finished",
      state: "failed",
      durationMs: 61_500,
      hits: 1,
      generated: 5,
      failed: 1,
      cancelled: 2,
      savedMs: 7_400_000,
      cost: { usd: 0.1234567, tokens: 1800 },
    },
  );
  expect(renderEnd(ended, { color: false })).toBe(
    "failed: 5 generated, 1 there already, 1 failed, 2 not done; in 1 min 2 s, saved 2 h 3 min, 0.1235 usd, 1800 tokens",
  );
});

test.each([
  ["plain", 5, "plain"],
  ["a longer text", 8, "a longe…"],
  ["模型模型", 5, "模型…"],
  ["👩‍🔬👩‍🔬👩‍🔬", 4, "👩‍🔬…"],
  ["a\nb\u001b[31m", 20, "a�b�[31m"],
  ["anything", 0, ""],
])("%s fits into %d columns as %s", (text, columns, fitted) => {
  expect(fitText(text, columns)).toBe(fitted);
});
