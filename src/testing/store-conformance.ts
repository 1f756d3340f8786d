import { expectEqual } from "./expectation.ts";
import type { StoreCase, StoreCaseNeed, StoreSubject } from "./store-case.ts";
import { namingCases } from "./store-naming-cases.ts";
import { readingCases } from "./store-reading-cases.ts";
import { doorCases, sharingCases } from "./store-sharing-cases.ts";
import { abortingCases, faultCases, pathCases } from "./store-trouble-cases.ts";
import { writingCases } from "./store-writing-cases.ts";

/** The part of a test runner that the suites call: vitest, node:test, mocha and jest have it. */
export interface TestRunner {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => Promise<void>): unknown;
}

const cases: readonly StoreCase[] = [
  {
    group: "reading",
    title: "is what it says of itself",
    async run({ store }, { capabilities, synchronous = false }) {
      expectEqual(store.capabilities, capabilities, "capabilities");
      expectEqual(store.sync !== undefined, synchronous, "it has a synchronous door");
      expectEqual(URL.canParse(store.url), true, `${store.url} is a URL`);
    },
  },
  ...readingCases,
  ...writingCases,
  ...namingCases,
  ...sharingCases,
  ...abortingCases,
  ...pathCases,
  ...faultCases,
  ...doorCases,
];

/**
 * The cases for every promise that this store makes.
 *
 * @example
 * ```ts
 * import { memoryStore } from "persistable-ts";
 * import { storeCases, type StoreSubject } from "persistable-ts/testing";
 *
 * const subject: StoreSubject = {
 *   name: "memory",
 *   capabilities: memoryStore().capabilities,
 *   synchronous: true,
 *   open: async () => ({ store: memoryStore(), close: async () => {} }),
 * };
 * for (const { group, title } of storeCases(subject)) console.log(group, title);
 * ```
 */
export function storeCases(subject: StoreSubject): readonly StoreCase[] {
  const offered: Record<StoreCaseNeed, boolean> = {
    exclusiveCreate: subject.capabilities.exclusiveCreate,
    shared: subject.capabilities.shared,
    synchronous: subject.synchronous === true,
    disable: subject.disable !== undefined,
    truncate: subject.truncate !== undefined,
  };
  return cases.filter(({ needs = [] }) => needs.every((need) => offered[need]));
}

/**
 * Run one case alone, on an empty store.
 *
 * @example
 * ```ts
 * import { test } from "node:test";
 * import { memoryStore } from "persistable-ts";
 * import { runStoreCase, storeCases, type StoreSubject } from "persistable-ts/testing";
 *
 * const subject: StoreSubject = {
 *   name: "memory",
 *   capabilities: memoryStore().capabilities,
 *   synchronous: true,
 *   open: async () => ({ store: memoryStore(), close: async () => {} }),
 * };
 * for (const storeCase of storeCases(subject)) test(storeCase.title, () => runStoreCase(storeCase, subject));
 * ```
 */
export async function runStoreCase(storeCase: StoreCase, subject: StoreSubject): Promise<void> {
  const opened = await subject.open();
  try {
    await storeCase.run(opened, subject);
  } finally {
    await opened.close();
  }
}

/**
 * Prove a store of your own: every promise of `Store`, as tests of your test runner. The suite
 * skips the promises that a store does not declare in its `capabilities`.
 *
 * @example
 * ```ts
 * import { mkdtemp, rm } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { fileStore } from "persistable-ts";
 * import { storeConformance } from "persistable-ts/testing";
 * import { describe, it } from "vitest";
 *
 * storeConformance({ describe, it }, {
 *   name: "a folder",
 *   capabilities: { exclusiveCreate: true, durable: true, shared: true },
 *   synchronous: true,
 *   module: new URL("open-folder.js", import.meta.url), // exports openStore(place)
 *   async open() {
 *     const place = await mkdtemp(join(tmpdir(), "store-"));
 *     const close = () => rm(place, { recursive: true });
 *     return { store: fileStore(place), place, reopen: async () => fileStore(place), close };
 *   },
 * });
 * ```
 */
export function storeConformance(runner: TestRunner, subject: StoreSubject): void {
  runner.describe(`${subject.name}, as a store`, () => {
    const offered = storeCases(subject);
    for (const group of new Set(offered.map((storeCase) => storeCase.group))) {
      runner.describe(group, () => {
        for (const storeCase of offered.filter((candidate) => candidate.group === group))
          runner.it(storeCase.title, () => runStoreCase(storeCase, subject));
      });
    }
  });
}
