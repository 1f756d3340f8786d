import { rename } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { StoreEvent } from "../../src/explorer/api.ts";
import { type Explorer, startExplorer } from "../../src/explorer/start-explorer.ts";
import { definePersistable, typedParams } from "../../src/persistable/define-persistable.ts";
import { run } from "../../src/runner/run.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { Visitor } from "./exchange.ts";

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const points = definePersistable({
  name: "points",
  params: typedParams<{ n: number }>(),
  generate: ({ params }) => params.n,
});

let folder: TemporaryFolder;
let explorer: Explorer;
let visitor: Visitor;

beforeAll(async () => {
  folder = await temporaryFolder();
  await points({ n: 1 }, { dataDir: folder.join("data"), logger }).payload;
  explorer = await startExplorer({
    dataDir: folder.join("data"),
    shownAs: "data",
    startQuery: "",
    token: "0123456789abcdef",
    port: 0,
    pageFolder: folder.join("page"),
  });
  visitor = await Visitor.enter(explorer);
});

afterAll(async () => {
  await explorer.close();
  await folder[Symbol.asyncDispose]();
});

/** Reads events until the work is done with one of them, and returns all of them. */
async function eventsUntil<Event extends { readonly type: string }>(
  path: string,
  isLast: (event: Event) => boolean,
  headers: Readonly<Record<string, string>> = {},
): Promise<readonly Event[]> {
  const ending = new AbortController();
  const response = await visitor.get(path, { signal: ending.signal, headers });
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  const events: Event[] = [];
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (data !== undefined) events.push(JSON.parse(data));
    }
    if (events.some(isLast)) break;
  }
  ending.abort();
  return events;
}

test("a page is told of changes, and of those that it has missed when it connects again", async () => {
  const isChange = ({ type }: StoreEvent): boolean => type === "changed";
  const first = eventsUntil<StoreEvent>("/api/events", isChange);
  await points({ n: 2 }, { dataDir: folder.join("data"), logger }).payload;
  const [hello, ...rest] = await first;
  const change = rest.find(isChange);
  expect(hello?.type).toBe("hello");
  expect(change).toMatchObject({ added: 1, removed: 0, names: ["points"], addedAddresses: [points({ n: 2 }).address] });

  const cursor = String(hello?.cursor);
  const missed = await eventsUntil<StoreEvent>(`/api/events?after=${cursor}`, isChange);
  expect(missed.find(isChange)).toEqual(change);
  const byHeader = await eventsUntil<StoreEvent>("/api/events", isChange, { "last-event-id": cursor });
  expect(byHeader.find(isChange)).toEqual(change);
  const ofAnother = await eventsUntil<StoreEvent>("/api/events?after=000000000000-3", ({ type }) => type === "reset");
  expect(ofAnother.map(({ type }) => type)).toEqual(["hello", "reset"]);
});

test("a run is told event by event until it ends, from any cursor on", async () => {
  const targets = [3, 4].map((n) => points({ n }, { dataDir: folder.join("data"), logger }));
  const { runId } = await run(targets);
  const events = await eventsUntil<{ type: string; cursor: number; event?: { type: string }; state?: string }>(
    `/api/events/run?id=${runId}`,
    ({ type }) => type === "end",
  );
  const types = events.map(({ event }) => event?.type);
  expect(types.slice(0, 2)).toEqual(["planned", "started"]);
  expect(types.at(-2)).toBe("finished");
  expect(events.at(-1)).toMatchObject({ type: "end", state: "completed" });
  const rest = await eventsUntil<{ type: string; cursor: number }>(
    `/api/events/run?id=${runId}&after=${events[0]?.cursor}`,
    ({ type }) => type === "end",
  );
  expect(rest).toEqual(events.slice(1));
});

test("a data directory that is gone is told, and so is its return", async () => {
  const lost = eventsUntil<StoreEvent>("/api/events", ({ type }) => type === "lost");
  await rename(folder.join("data"), folder.join("away"));
  expect((await lost).at(-1)).toMatchObject({ type: "lost", problem: expect.stringContaining("does not exist") });
  const store = await (await visitor.get("/api/store")).json();
  expect(store).toMatchObject({ problem: expect.stringContaining("does not exist") });
  const found = eventsUntil<StoreEvent>("/api/events", ({ type }) => type === "found");
  await rename(folder.join("away"), folder.join("data"));
  expect((await found).map(({ type }) => type)).toContain("found");
  await expect.poll(async () => (await visitor.get("/api/artifacts?query=points")).json()).toMatchObject({ total: 4 });
});
