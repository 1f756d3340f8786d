import { expect, test } from "vitest";
import {
  definePersistable,
  describeMiss,
  fileStore,
  memoryStore,
  NotPersistedError,
  type Store,
  typedParams,
} from "../../src/entry/index.ts";
import { override } from "../support/override-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const points = definePersistable({
  name: "points",
  params: typedParams<{ n: number }>(),
  generate: ({ params }) => params.n,
});

interface Counted {
  readonly store: Store;
  readonly calls: { reads: number; lookups: number; listed: number };
}

function counted(inner: Store): Counted {
  const calls = { reads: 0, lookups: 0, listed: 0 };
  const store = override(inner, {
    read: (...args) => {
      calls.reads += 1;
      return inner.read(...args);
    },
    stat: (...args) => {
      calls.lookups += 1;
      return inner.stat(...args);
    },
    async *list(...args) {
      for await (const entry of inner.list(...args)) {
        calls.listed += 1;
        yield entry;
      }
    },
  });
  return { store, calls };
}

const ARTIFACTS = 300;

async function fullStore(): Promise<Counted> {
  const inner = memoryStore();
  for (let n = 0; n < ARTIFACTS; n++) await points({ n }, { dataDir: inner }).payload;
  return counted(inner);
}

test("isPersisted reads one record, and no other artifact's, whether it is there or not", async () => {
  const { store, calls } = await fullStore();
  expect(await points({ n: -1 }, { dataDir: store }).isPersisted()).toBe(false);
  expect(calls).toEqual({ reads: 1, lookups: 0, listed: 0 });
  expect(await points({ n: 1 }, { dataDir: store }).isPersisted()).toBe(true);
  expect(calls).toEqual({ reads: 2, lookups: 0, listed: 0 });
});

test("load of what is not persisted compares a bounded number of records, and says so", async () => {
  const { store, calls } = await fullStore();
  const error: unknown = await points({ n: -1 }, { dataDir: store })
    .load()
    .catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(NotPersistedError);
  expect((error as Error).message).toMatch(
    /n: -1, nearest artifact has \d+ \(.*, the nearest of 64 that were compared\)/,
  );
  expect(calls.reads).toBeLessThan(80);
  expect(calls.listed).toBeLessThan(ARTIFACTS);
});

test("a reason that rests on every record says nothing of how many were compared", async () => {
  const { store } = await fullStore();
  const explanation = await points({ n: -1 }, { dataDir: store }).explain();
  if (explanation.state !== "miss") throw new Error("This was never generated.");
  expect(describeMiss(explanation.reason)).not.toMatch(/compared/);
  expect(explanation.reason).not.toHaveProperty("nearest.comparedRecords");
});

test("a damaged artifact, and one under an alias, are told as before", async () => {
  const inner = memoryStore();
  const old = definePersistable({ name: "old", params: typedParams<{ n: number }>(), generate: () => 1 });
  const renamed = definePersistable({
    name: "renamed",
    aliases: ["old"],
    params: typedParams<{ n: number }>(),
    generate: () => 1,
  });
  await old({ n: 1 }, { dataDir: inner }).payload;
  expect(await renamed({ n: 1 }, { dataDir: inner }).isPersisted()).toBe(true);
  expect(await renamed({ n: 2 }, { dataDir: inner }).isPersisted()).toBe(false);
  for await (const { path } of inner.list("old/")) await inner.replace(path, [new TextEncoder().encode("{")]);
  expect(await old({ n: 1 }, { dataDir: inner }).isPersisted()).toBe(false);
});

test("a folder given as text is opened once, and again after the working directory has changed", async () => {
  await using folder = await temporaryFolder();
  await using other = await temporaryFolder();
  const before = process.cwd();
  try {
    process.chdir(folder.path);
    await points({ n: 1 }, { dataDir: "here" }).payload;
    expect(await points({ n: 1 }, { dataDir: "here" }).isPersisted()).toBe(true);
    process.chdir(other.path);
    expect(await points({ n: 1 }, { dataDir: "here" }).isPersisted()).toBe(false);
    expect(await points({ n: 1 }, { dataDir: fileStore(`${folder.path}/here`) }).isPersisted()).toBe(true);
  } finally {
    process.chdir(before);
  }
});

test("a persistable says in one line what it is", () => {
  const line = /^[a-z_]+ \{ n: 1 \} \([0-9a-f]{8}…\)$/;
  expect(String(points({ n: 1 }, { dataDir: memoryStore() }))).toMatch(line);
  expect(`${points({ n: 1 }, { dataDir: memoryStore() })}`).toMatch(line);
});
