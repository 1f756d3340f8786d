import { expect, test } from "vitest";
import type { PersistableEvent } from "../../src/events/event.ts";
import { records } from "../../src/format/lines/records-format.ts";
import { definePersistable } from "../../src/persistable/define-persistable.ts";
import { streamPayload } from "../../src/persistable/stream-payload.ts";
import { memoryStore } from "../../src/store/memory-store.ts";

test("a payload that its generator does not keep reaches all who wait, is told with its cost, and is made again", async () => {
  const dataDir = memoryStore();
  const events: PersistableEvent[] = [];
  let runs = 0;
  const answer = definePersistable({
    name: "answer",
    generate: async ({ keep, cost }) => {
      runs += 1;
      cost({ usd: 0.5 });
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (runs < 3) keep(false, "it was cut off");
      return { runs, bytes: Uint8Array.of(runs) };
    },
  });
  const make = () => answer({}, { dataDir, onEvent: (event) => events.push(event) });
  const [first, second] = await Promise.all([make().payload, make().payload]);
  expect([first, second]).toEqual([
    { runs: 1, bytes: Uint8Array.of(1) },
    { runs: 1, bytes: Uint8Array.of(1) },
  ]);
  // A payload that cannot be frozen is another one for each caller.
  expect(first).not.toBe(second);
  expect(events).toContainEqual(
    expect.objectContaining({ type: "generated", unkept: "it was cut off", cost: { usd: 0.5 } }),
  );
  expect(events.some(({ type }) => type === "persisted" || type === "failed")).toBe(false);
  expect(await make().isPersisted()).toBe(false);
  expect(await make().payload).toMatchObject({ runs: 2 });
  const kept = make();
  expect([await kept.payload, await make().payload]).toMatchObject([{ runs: 3 }, { runs: 3 }]);
  expect(runs).toBe(3);
});

test("the last call of keep counts, and generate() leaves the artifact that is there", async () => {
  const dataDir = memoryStore();
  let isKept = true;
  const answer = definePersistable({
    name: "answer",
    generate: ({ keep }) => {
      keep(false);
      keep(isKept);
      return isKept ? "whole" : "cut";
    },
  });
  expect(await answer({}, { dataDir }).payload).toBe("whole");
  isKept = false;
  expect(await answer({}, { dataDir }).generate()).toBe("cut");
  expect(await answer({}, { dataDir }).payload).toBe("whole");
});

test("a stream can be given up at its end: its readers have all of it, and so has a caller that waited", async () => {
  const dataDir = memoryStore();
  let runs = 0;
  const words = definePersistable({
    name: "words",
    format: records<string>(),
    generate: async function* ({ keep }) {
      runs += 1;
      yield "a";
      yield "b";
      keep(false, "no end was seen");
    },
  });
  const [read, waited] = await Promise.all([
    collect(streamPayload(words({}, { dataDir }))),
    words({}, { dataDir }).payload.then(collect),
  ]);
  expect([read, waited]).toEqual([
    ["a", "b"],
    ["a", "b"],
  ]);
  expect([runs, await words({}, { dataDir }).isPersisted()]).toEqual([1, false]);
});

test("readers of a stream in flight go at their own pace, late ones from the first item on", async () => {
  const dataDir = memoryStore();
  const told: string[] = [];
  let runs = 0;
  let goOn = (): void => {};
  const words = definePersistable({
    name: "words",
    format: records<{ readonly i: number }>(),
    generate: async function* ({ untracked }) {
      runs += 1;
      for (let i = 0; i < 6; i++) {
        if (i === 3)
          await new Promise<void>((resolve) => {
            goOn = resolve;
          });
        yield { i, from: untracked.from };
      }
    },
  });
  const read = async (name: string, takes: number): Promise<number[]> => {
    const seen: number[] = [];
    for await (const { i } of streamPayload(words({}, { dataDir }), { untracked: { from: "here" } })) {
      told.push(`${name}${i}`);
      seen.push(i);
      if (seen.length === takes) break;
    }
    return seen;
  };
  const fast = read("fast", 10);
  await expect.poll(() => told.includes("fast2")).toBe(true);
  const late = read("late", 10);
  const leaving = read("leaving", 2);
  await expect.poll(() => told.includes("late2") && told.includes("leaving1")).toBe(true);
  goOn();
  expect(await Promise.all([fast, late, leaving])).toEqual([
    [0, 1, 2, 3, 4, 5],
    [0, 1, 2, 3, 4, 5],
    [0, 1],
  ]);
  expect(runs).toBe(1);
  const record = await words({}, { dataDir }).record();
  expect(record?.untracked).toEqual({ from: "here" });
});

test("a reader far behind gets the rest from the store", async () => {
  const dataDir = memoryStore();
  const big = "x".repeat(3 * 1024 * 1024);
  const texts = definePersistable({
    name: "texts",
    format: records<string>(),
    generate: async function* () {
      for (let i = 0; i < 4; i++) yield `${i}${big}`;
    },
  });
  const slow = streamPayload(texts({}, { dataDir }));
  const firstOfSlow = await slow.next();
  const fast = await collect(streamPayload(texts({}, { dataDir })));
  const rest = await collect(slow);
  expect([firstOfSlow.value, ...rest].map((text) => text?.[0])).toEqual(["0", "1", "2", "3"]);
  expect(fast.length).toBe(4);
});

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}
