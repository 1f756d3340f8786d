import { rmSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { describe, it } from "vitest";
import { type LayeredMode, layeredStore } from "../../src/entry/stores/layered.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import type { Store } from "../../src/store/store.ts";
import type { StoreSubject } from "../../src/testing/store-case.ts";
import { runStoreCase, storeCases } from "../../src/testing/store-conformance.ts";
import { chosenCases } from "../support/chosen-cases.ts";
import { type FaultyStore, faultyStore } from "../support/faulty-store.ts";
import { proveLikeAnother, proveStore } from "../support/prove-store.ts";
import { buildChild } from "../support/run-child.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { openStore } from "./layered-store-module.ts";

const module = pathToFileURL(await buildChild("test/store/layered-store-module.ts"));
const writingModes: readonly LayeredMode[] = ["local:rw,remote:rw", "local:rw,remote:r", "local:r,remote:rw"];

for (const mode of chosenCases(writingModes, 2)) conformInMemory(mode, memoryStore, mode);

conformInMemory("a remote that cannot exclude", () => faultyStore(memoryStore(), { exclusiveCreate: false }));

conformInMemory("a remote that is down from the start", () =>
  Object.assign(faultyStore(memoryStore()), { isDown: true }),
);

describe("memory before memory: a remote that fails at every third call, as a store", () => {
  let calls = 0;
  const fails: FaultyStore["fails"] = () => ++calls % 3 === 0 && (calls % 2 === 0 || "late");
  const subject = inMemory("flaky", () => Object.assign(faultyStore(memoryStore()), { fails }));
  for (const storeCase of chosenCases(storeCases(subject), 2)) {
    // Where the remote told one of two and the local store the other one, equal bytes do not tell
    // them apart.
    if (!/same bytes|more objects|\d{7} bytes/.test(storeCase.title))
      it(storeCase.title, () => runStoreCase(storeCase, subject));
  }
});

proveStore(inFolders("a folder before a folder that excludes", true));

describe("a folder before a folder that cannot exclude, as a store", () => {
  const subject = inFolders("cannot exclude", false);
  // The rest is the same as with the other one.
  for (const storeCase of storeCases(subject))
    if (/creating|sharing|faults/.test(storeCase.group)) it(storeCase.title, () => runStoreCase(storeCase, subject));
});

function inFolders(name: string, isExclusive: boolean): StoreSubject {
  return {
    name,
    capabilities: { exclusiveCreate: true, durable: false, shared: true },
    module,
    async open() {
      const { path } = await temporaryFolder();
      const place = JSON.stringify({ folder: path, isExclusive });
      return {
        store: openStore(place),
        place,
        reopen: async () => openStore(place),
        close: async () => rmSync(path, { recursive: true, force: true }),
      };
    },
    async disable({ place = "" }) {
      const { folder } = JSON.parse(place) as { readonly folder: string };
      await rename(`${folder}/local`, `${folder}/local-away`);
      await writeFile(`${folder}/local`, "a file where the folder was");
    },
  };
}

function conformInMemory(name: string, remote: () => Store, mode?: LayeredMode): void {
  proveLikeAnother(inMemory(name, remote, mode));
}

function inMemory(name: string, remote: () => Store, mode?: LayeredMode): StoreSubject {
  return {
    name: `memory before memory: ${name}`,
    capabilities: { exclusiveCreate: true, durable: false, shared: false },
    open: async () => ({
      store: layeredStore({ local: memoryStore(), remote: remote(), mode, onRemoteFailure() {} }),
      close: async () => {},
    }),
  };
}
