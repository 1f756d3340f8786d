import { expect, test } from "vitest";
import { LateEvents, type ReadEvents } from "../../src/engine/bullmq/late-events.ts";

/** The events that are seen by now, as a table of PostgreSQL shows them: ten at a time. */
function reading(seen: ReadonlySet<number>): ReadEvents {
  return async (after) => {
    const ids = [...seen].filter((id) => id > Number(after)).sort((a, b) => a - b);
    return ids.length === 0 ? null : [["events", ids.slice(0, 10).map((id) => [String(id), ["event", "added"]])]];
  };
}

async function readUntil(events: LateEvents, count: number): Promise<readonly number[]> {
  const ids: number[] = [];
  while (ids.length < count) {
    const streams = await events.read("0", 10);
    ids.push(...(streams?.[0]?.[1] ?? []).map(([id]) => Number(id)));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return ids;
}

test("events that are seen after later ones are returned, and none twice", async () => {
  const seen = new Set([1, 2, 4, 5, 7, 30]);
  const events = new LateEvents(reading(seen));
  expect(await readUntil(events, 6)).toEqual([1, 2, 4, 5, 7, 30]);
  for (let id = 8; id < 30; id++) seen.add(id);
  seen.add(3);
  const late = await readUntil(events, 23);
  expect(late).toEqual([3, ...Array.from({ length: 22 }, (_, i) => 8 + i)]);
  seen.add(31);
  expect(await readUntil(events, 1)).toEqual([31]);
});
