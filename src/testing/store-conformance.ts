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

/** The cases for every promise that this store makes. */
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

/** Run one case alone, on an empty store. */
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
 * import { describe, it } from "vitest";
 *
 * storeConformance({ describe, it }, {
 *   name: "my bucket",
 *   capabilities: { exclusiveCreate: true, durable: true, shared: true },
 *   module: new URL("open-bucket.js", import.meta.url), // exports openStore(place)
 *   async open() {
 *     const place = await createEmptyBucket();
 *     return { store: openBucket(place), place, reopen: async () => openBucket(place), close: () => deleteBucket(place) };
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
