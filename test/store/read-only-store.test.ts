import { definePersistable, fileStore, memoryStore, typedParams } from "persistable-ts";
import { type ReadableStore, ReadOnlyStoreError, readOnlyStore, StoreError, storePath } from "persistable-ts/store";
import { layeredStore } from "persistable-ts/stores/layered";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";

let generated = 0;
const squares = definePersistable({
  name: "squares",
  params: typedParams<{ n: number }>(),
  generate: ({ params }) => {
    generated++;
    return Float64Array.from({ length: params.n }, (_, i) => i * i);
  },
});

/** Only what can be read of a store, as an archive behind HTTP would offer it. */
function archiveOf(store: ReadableStore): ReadableStore {
  return {
    url: store.url,
    capabilities: store.capabilities,
    read: (path, options) => store.read(path, options),
    stat: (path, options) => store.stat(path, options),
    list: (prefix, options) => store.list(prefix, options),
  };
}

test("loads what is there, and refuses to make what is not, before anything is generated", async () => {
  await using folder = await temporaryFolder();
  const own = fileStore(folder.path);
  await squares({ n: 20_000 }, { dataDir: own }).payload;
  for (const archive of [readOnlyStore(archiveOf(own)), readOnlyStore(own)]) {
    const before = generated;
    expect((await squares({ n: 20_000 }, { dataDir: archive }).payload)[3]).toBe(9);
    expect(await squares({ n: 20_000 }, { dataDir: archive }).isPersisted()).toBe(true);
    const refused: unknown = await squares({ n: 4 }, { dataDir: archive }).payload.catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ReadOnlyStoreError);
    expect(String(refused)).toMatch(
      /squares\/[0-9a-f]{64}\.json: .*reading only, and squares would have to be generated: n: 4, nearest artifact has 20000/,
    );
    await expect(squares({ n: 20_000 }, { dataDir: archive }).remove()).rejects.toThrow(ReadOnlyStoreError);
    expect(generated).toBe(before);
  }
  expect(await squares({ n: 20_000 }, { dataDir: own }).isPersisted()).toBe(true);
});

test("refuses every call that writes, and says where", async () => {
  const store = readOnlyStore(memoryStore());
  const path = storePath("points", "a.json");
  const calls = [
    store.writeFresh(path, []),
    store.createIfAbsent(path, []),
    store.replace(path, []),
    store.move(path, storePath("points", "b.json")),
    store.remove(path),
  ];
  for (const call of calls) {
    const error: unknown = await call.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ReadOnlyStoreError);
    expect(error instanceof StoreError && error.path).toContain("points/a.json");
  }
});

test("serves as the remote of a layered store, whose misses stay local", async () => {
  await using folder = await temporaryFolder();
  const shared = fileStore(folder.join("shared"));
  await squares({ n: 5 }, { dataDir: shared }).payload;
  const local = memoryStore();
  const store = layeredStore({ local, remote: readOnlyStore(archiveOf(shared)), mode: "local:rw,remote:r" });
  const before = generated;
  await squares({ n: 5 }, { dataDir: store }).payload;
  expect(generated).toBe(before);
  await squares({ n: 6 }, { dataDir: store }).payload;
  expect(generated).toBe(before + 1);
  expect(await squares({ n: 6 }, { dataDir: local }).isPersisted()).toBe(true);
  expect(await squares({ n: 6 }, { dataDir: shared }).isPersisted()).toBe(false);
});
