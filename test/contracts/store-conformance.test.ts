import { rmSync } from "node:fs";
import { readdir, rename, truncate, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { fileStore } from "../../src/store/folder/file-store.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import type { StoreSubject } from "../../src/testing/store-case.ts";
import { storeConformance } from "../../src/testing/store-conformance.ts";
import { proveLikeAnother } from "../support/prove-store.ts";
import { buildChild } from "../support/run-child.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const module = pathToFileURL(await buildChild("test/store/file-store-module.ts"));

storeConformance({ describe, it }, folderSubject("a durable folder", true));
proveLikeAnother(folderSubject("a scratch folder", false));

storeConformance(
  { describe, it },
  {
    name: "memory",
    capabilities: { exclusiveCreate: true, durable: false, shared: false },
    synchronous: true,
    open: async () => ({ store: memoryStore(), close: async () => {} }),
  },
);

function folderSubject(name: string, durable: boolean): StoreSubject {
  return {
    name,
    capabilities: { exclusiveCreate: true, durable, shared: true },
    synchronous: true,
    module,
    async open() {
      const folder = await temporaryFolder();
      const place = folder.join("not there yet", "data");
      return {
        store: fileStore(place, { durable }),
        place,
        reopen: async () => fileStore(place, { durable }),
        async close() {
          const left = await readdir(`${place}/.persistable/tmp`).catch(() => []);
          // Faster than the asynchronous way by a factor of ten.
          rmSync(folder.path, { recursive: true });
          expect(left).toEqual([]);
        },
      };
    },
    truncate: ({ place }, path, sizeBytes) => truncate(`${place}/${path}`, sizeBytes),
    async disable({ place = "" }) {
      await rename(place, `${place}-away`);
      await writeFile(place, "a file where the folder was");
    },
  };
}
