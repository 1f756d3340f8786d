import { describe, expect, test } from "vitest";
import { definePersistable, memoryStore, type Store, type StorePath } from "../../src/entry/index.ts";
import { listRuns, readFailure, run } from "../../src/entry/pipeline.ts";

/** Notes of failures and runs may be forged by anyone who can write to the store. */

const bad = definePersistable({
  name: "bad",
  generate: (): number => {
    throw new RangeError("no luck", { cause: new Error("the reason") });
  },
});

async function failOnce(): Promise<{ store: Store; target: ReturnType<typeof bad> }> {
  const store = memoryStore();
  const target = bad({}, { dataDir: store });
  await run(target, { handleSignals: false }).catch(() => {});
  return { store, target };
}

async function pathOf(store: Store, folder: string, end: string): Promise<StorePath> {
  for await (const { path } of store.list(folder)) if (path.endsWith(end)) return path;
  throw new Error(`nothing in ${folder} ends with ${end}`);
}

async function forge(store: Store, path: StorePath, change: (note: Record<string, unknown>) => unknown): Promise<void> {
  const note = JSON.parse(Buffer.from((await store.read(path)) ?? []).toString());
  const forged = change(note) ?? note;
  const text = typeof forged === "string" ? forged : JSON.stringify(forged);
  await store.replace(path, [Buffer.from(text)], { durable: false });
}

/** Keys and values. */
function textsIn(value: unknown): string[] {
  const texts: string[] = [];
  JSON.stringify(value, (key: string, inner: unknown) => {
    texts.push(key, ...(typeof inner === "string" ? [inner] : []));
    return inner;
  });
  return texts;
}

const ESC = "\u001b[31m\u202etxt\u0007\u2028\u200b";

describe("a failure record", () => {
  test.each<[string, (note: Record<string, unknown>) => unknown]>([
    ["an error that is a number", (note) => ({ ...note, error: 5 })],
    ["an error without a message", (note) => ({ ...note, error: { name: "Error" } })],
    ["an error whose name is a list", (note) => ({ ...note, error: { name: ["Error"], message: "x" } })],
    ["attempts that are text", (note) => ({ ...note, attempts: "2" })],
    ["attempts below none", (note) => ({ ...note, attempts: -1 })],
    ["a duration that is text", (note) => ({ ...note, durationMs: "3" })],
    ["a duration without an end", (note) => JSON.stringify(note).replace(/"durationMs":[\d.]+/, '"durationMs":1e999')],
    ["a time that is none", (note) => ({ ...note, failedAt: "yesterday" })],
    ["a time that is a number", (note) => ({ ...note, failedAt: 5 })],
    ["a name that is null", (note) => ({ ...note, name: null })],
    ["params that are a list", (note) => ({ ...note, params: [] })],
    ["another address", (note) => ({ ...note, address: "0".repeat(64) })],
    ["null", () => "null"],
    ["a list", () => "[1]"],
    ["no JSON", () => "{"],
    ["nothing", () => ""],
    ["nested without an end", () => `{"failure":1,"error":${"[".repeat(100_000)}${"]".repeat(100_000)}}`],
  ])("with %s is none", async (_, change) => {
    const { store, target } = await failOnce();
    expect(await readFailure(target)).toMatchObject({ attempts: 1, error: { cause: { message: "the reason" } } });
    await forge(store, await pathOf(store, "bad/", ".failed.json"), change);
    expect(await readFailure(target)).toBeUndefined();
  });

  test("moves no cursor, and keeps of its error what is of the right kind", async () => {
    const { store, target } = await failOnce();
    await forge(store, await pathOf(store, "bad/", ".failed.json"), (note) => ({
      ...note,
      runId: ESC,
      params: { [ESC]: [ESC] },
      error: {
        name: ESC,
        message: `${ESC}\nb`,
        code: 5,
        stack: null,
        cause: "x",
        errors: [null, { name: "a", message: ESC }],
      },
    }));
    const failure = await readFailure(target);
    expect(
      textsIn(failure).filter((text) => /[\p{Cc}\p{Bidi_Control}\u2028\u200b]/u.test(text.replaceAll("\n", ""))),
    ).toEqual([]);
    expect(failure?.error).toEqual({
      name: "\\u001b[31m\\u202etxt\\u0007\\u2028\\u200b",
      message: "\\u001b[31m\\u202etxt\\u0007\\u2028\\u200b\nb",
      errors: [{ name: "a", message: "\\u001b[31m\\u202etxt\\u0007\\u2028\\u200b" }],
    });
  });
});

describe("the record of a run", () => {
  test.each<[string, (note: Record<string, unknown>) => unknown]>([
    ["nodes that are a number", (note) => ({ ...note, nodes: 5 })],
    ["no nodes", ({ nodes: _, ...note }) => note],
    ["a state of its own", (note) => ({ ...note, state: "done" })],
    ["an id that is an object", (note) => ({ ...note, runId: {} })],
    ["a time that is none", (note) => ({ ...note, startedAt: "" })],
    ["an end that is none", (note) => ({ ...note, finishedAt: 5 })],
    ["counts that are text", (note) => ({ ...note, hits: "1" })],
    ["half a failure", (note) => ({ ...note, failed: 0.5 })],
    ["a cost that is text", (note) => ({ ...note, cost: { usd: "1" } })],
    ["a cost that is a list", (note) => ({ ...note, cost: [1] })],
    ["a process that is text", (note) => ({ ...note, pid: "1" })],
    ["a host that is none", (note) => ({ ...note, host: null })],
    ["null", () => "null"],
  ])("with %s is left out, and the others are listed", async (_, change) => {
    const { store, target } = await failOnce();
    const path = await pathOf(store, ".persistable/runs/", ".json");
    await forge(store, path, change);
    expect(await listRuns(store)).toEqual([]);
    await run(target, { handleSignals: false }).catch(() => {});
    expect(await listRuns(store, { limit: 1 })).toHaveLength(1);
  });

  test("is listed up to the limit, also where newer ones are damaged", async () => {
    const { store } = await failOnce();
    await store.replace(".persistable/runs/99990101T000000000-000000.json" as StorePath, [Buffer.from("{}")], {});
    expect(await listRuns(store, { limit: 1 })).toHaveLength(1);
  });

  test("counts nodes that are damaged, and moves no cursor", async () => {
    const { store } = await failOnce();
    const path = await pathOf(store, ".persistable/runs/", ".json");
    await forge(store, path, (note) => {
      const [node] = note.nodes as object[];
      const damaged = [
        null,
        5,
        [],
        { ...node, error: 5 },
        { ...node, durationMs: "x" },
        { ...node, outcome: "x" },
        { ...node, address: "x" },
      ];
      return { ...note, host: ESC, nodes: [...damaged, node, { ...node, name: ESC, reason: ESC }] };
    });
    const [record] = await listRuns(store);
    expect(record).toMatchObject({ state: "failed", omitted: 7 });
    expect(record?.nodes.map(({ outcome }) => outcome)).toEqual(["failed", "failed"]);
    expect(record?.nodes[0]?.error).toMatchObject({
      name: "RangeError",
      message: "no luck",
      cause: { message: "the reason" },
    });
    expect(
      textsIn(record).filter((text) => /[\p{Cc}\p{Bidi_Control}\u2028\u200b]/u.test(text.replaceAll("\n", ""))),
    ).toEqual([]);
  });

  test("says again what a run without a limit had", async () => {
    const store = memoryStore();
    const good = definePersistable({ name: "good", generate: () => 1 });
    await run(good({}, { dataDir: store }), { concurrency: Number.POSITIVE_INFINITY, handleSignals: false });
    expect(await listRuns(store)).toMatchObject([{ state: "completed", concurrency: Number.POSITIVE_INFINITY }]);
  });
});
