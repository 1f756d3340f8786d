import { internalPath, QUARANTINE_FOLDER } from "../store/internal-folder.ts";
import { storePath } from "../store/store-path.ts";
import { expectBytes, expectEqual, expectRejection, expectStoreError, fail } from "./expectation.ts";
import { FOLDER, listAll, listPaths, OTHER_PATH, PATH, pattern, text } from "./sample-objects.ts";
import type { StoreCase } from "./store-case.ts";

/** A name belongs to one object, and objects move whole. */
export const namingCases: readonly StoreCase[] = [
  {
    group: "creating",
    title: "createIfAbsent leaves what is there, and says so",
    async run({ store }) {
      expectEqual(await store.createIfAbsent(PATH, [text("first")]), "created", "the first");
      expectEqual(await store.createIfAbsent(PATH, [text("second")]), "exists", "the second");
      expectEqual(await store.createIfAbsent(PATH, [text("first")]), "exists", "the same bytes again");
      expectBytes(await store.read(PATH), text("first"), "read");
      expectEqual(await listPaths(store), [PATH], "listed");
    },
  },
  {
    group: "creating",
    title: "createIfAbsent gives a name again after the object was removed",
    async run({ store }) {
      await store.createIfAbsent(PATH, [text("first")]);
      await store.remove(PATH);
      expectEqual(await store.createIfAbsent(PATH, [text("second")]), "created", "after removing");
      await store.move(PATH, OTHER_PATH);
      expectEqual(await store.createIfAbsent(PATH, [text("third")]), "created", "after moving");
      expectBytes(await store.read(PATH), text("third"), "read");
    },
  },
  {
    group: "moving and removing",
    title: "remove takes the object away, once",
    async run({ store }) {
      expectEqual(await store.remove(PATH), false, "remove of nothing");
      await store.createIfAbsent(PATH, [text("payload")]);
      await store.createIfAbsent(OTHER_PATH, [text("neighbor")]);
      expectEqual(await store.remove(PATH), true, "remove");
      expectEqual(await store.read(PATH), undefined, "read");
      expectEqual(await store.remove(PATH), false, "remove again");
      expectEqual(await listPaths(store), [OTHER_PATH], "listed");
    },
  },
  {
    group: "moving and removing",
    title: "move takes all bytes to another name, in another folder too",
    async run({ store }) {
      const bytes = pattern(300_000);
      const aside = internalPath(QUARANTINE_FOLDER, "points", "1-3f9a.json");
      await store.createIfAbsent(PATH, [bytes]);
      expectEqual(await store.move(PATH, aside), true, "move");
      expectEqual(await store.read(PATH), undefined, "read of the old name");
      expectBytes(await store.read(aside), bytes, "read of the new name");
      expectEqual(
        (await listAll(store)).map((entry) => entry.path),
        [aside],
        "listed",
      );
    },
  },
  {
    group: "moving and removing",
    title: "move says when there is nothing to move",
    async run({ store }) {
      expectEqual(await store.move(PATH, OTHER_PATH), false, "move of nothing");
      expectEqual(await store.move(storePath("nowhere", "a"), OTHER_PATH), false, "move out of no folder");
      expectEqual(await listPaths(store), [], "listed");
    },
  },
  {
    group: "moving and removing",
    title: "move refuses a name that is in use, and leaves both objects",
    async run({ store }) {
      await store.createIfAbsent(PATH, [text("one")]);
      await store.createIfAbsent(OTHER_PATH, [text("other")]);
      await expectStoreError(store.move(PATH, OTHER_PATH), "move onto an object");
      expectBytes(await store.read(PATH), text("one"), "read of the source");
      expectBytes(await store.read(OTHER_PATH), text("other"), "read of the target");
    },
  },
  {
    group: "listing",
    title: "lists every object below a prefix, in folders too, and nothing else",
    async run({ store }) {
      const paths = ["points/a", "points/ab", "points/b", "points/deep/er/a", "points~1/a", "point/a", "top"];
      for (const path of paths) await store.writeFresh(storePath(...path.split("/")), [text(path)]);
      const under = (prefix: string): string[] => paths.filter((path) => path.startsWith(prefix)).sort();
      for (const prefix of ["", "points/", "points", "points/a", "points/deep/", "p", "nothing/", "points/none/"])
        expectEqual(await listPaths(store, prefix), under(prefix), `listed under ${JSON.stringify(prefix)}`);
      for (const entry of await listAll(store)) {
        expectEqual(entry.sizeBytes, entry.path.length, `size of ${entry.path}`);
        // Some services round the time in one of the two answers to seconds.
        const stated = (await store.stat(entry.path))?.modifiedMs ?? Number.NaN;
        if (!(Math.abs(stated - entry.modifiedMs) <= 1000))
          fail(`times of ${entry.path}: ${entry.modifiedMs} and ${stated}`);
      }
    },
  },
  {
    group: "listing",
    title: "names what lies in a folder itself, if it can list a folder alone",
    async run({ store }) {
      if (store.listFolder === undefined) return;
      for (const path of ["points/a", "points/b", "points/deep/er/a", "other/a", "top"])
        await store.writeFresh(storePath(...path.split("/")), [text(path)]);
      const root = await store.listFolder("");
      expectEqual([...root.objects].sort(), ["top"], "objects of the store itself");
      // A store may have folders of its own, such as that of its temporary files.
      const folders = root.folders.filter((name) => !name.startsWith("."));
      expectEqual(folders.sort(), ["other", "points"], "folders of the store itself");
      const inner = await store.listFolder(storePath("points"));
      expectEqual([...inner.objects].sort(), ["a", "b"], "objects of a folder");
      expectEqual([...inner.folders], ["deep"], "folders of a folder");
      expectEqual(
        await store.listFolder(storePath("nothing")),
        { objects: [], folders: [] },
        "a folder that is not there",
      );
      const reason = new Error("aborted");
      const aborted = await expectRejection(
        store.listFolder(FOLDER, { signal: AbortSignal.abort(reason) }),
        "listing a folder after an abort",
      );
      expectEqual(aborted, reason, "the reason of the abort");
    },
  },
  {
    group: "listing",
    title: "lists more objects than one answer of a service holds",
    async run({ store }) {
      const count = 1100;
      const names = Array.from({ length: count }, (_, index) => storePath(FOLDER, index.toString(36).padStart(4, "0")));
      const writeSome = async (first: number): Promise<void> => {
        for (let index = first; index < count; index += 50)
          await store.writeFresh(names[index] as typeof PATH, [text("x")], { durable: false });
      };
      await Promise.all(Array.from({ length: 50 }, (_, first) => writeSome(first)));
      expectEqual(await listPaths(store, `${FOLDER}/`), names, "listed");
    },
  },
];
