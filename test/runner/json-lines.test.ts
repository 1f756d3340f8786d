import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { definePersistable, memoryStore } from "../../src/entry/index.ts";
import { openJsonLines, type RunEvent, run } from "../../src/entry/pipeline.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const bad = definePersistable({
  name: "bad",
  generate: () => {
    throw new RangeError("no luck", { cause: new Error("the reason") });
  },
});

test("each event of a run is a line of a file, which is appended to", async () => {
  await using folder = await temporaryFolder();
  const file = path.join(folder.path, "logs", "run.jsonl");
  for (const _ of [1, 2]) {
    const lines = openJsonLines(file);
    await run(bad({}, { dataDir: memoryStore() }), { onEvent: lines.onEvent }).catch(() => {});
    lines.close();
    lines.onEvent({} as RunEvent);
  }
  const text = readFileSync(file, "utf8");
  const events = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(events.map(({ type }) => type)).toEqual([
    "planned",
    "started",
    "failed",
    "finished",
    "planned",
    "started",
    "failed",
    "finished",
  ]);
  expect(events[2]).toMatchObject({
    name: "bad",
    error: { name: "RangeError", message: "no luck", cause: { message: "the reason" }, stack: expect.any(String) },
  });
});

test("values that JSON lacks are text, and a line is one line", () => {
  const lines: string[] = [];
  const { onEvent } = openJsonLines((line) => lines.push(line));
  const event = { type: "progress", done: Number.NaN, total: Number.POSITIVE_INFINITY, note: "a\nb", odd: 2n ** 70n };
  onEvent(event as unknown as RunEvent);
  expect(lines).toEqual([
    '{"type":"progress","done":"NaN","total":"Infinity","note":"a\\nb","odd":"1180591620717411303424"}\n',
  ]);
});

test("what cannot be written does not end the run: its line says which node it was, and why", () => {
  const lines: string[] = [];
  const { onEvent } = openJsonLines((line) => lines.push(line));
  const loop: { self?: unknown } = {};
  loop.self = loop;
  const throwing = {
    get secret(): string {
      throw new Error("not for you");
    },
  };
  const odd = [loop, throwing, { cause: new Error("outer", { cause: Object.create(null) }) }];
  for (const error of odd) onEvent({ type: "failed", name: "bad", index: 3, error } as unknown as RunEvent);
  const written = lines.map((line) => JSON.parse(line));
  expect(written).toHaveLength(odd.length);
  for (const line of written) expect(line).toMatchObject({ type: "failed", name: "bad", index: 3 });
  expect(written[0].unwritable).toMatch("circular");
  expect(written[1].unwritable).toBe("not for you");
});
