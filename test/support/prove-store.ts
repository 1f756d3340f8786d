import { describe, it } from "vitest";
import type { StoreSubject } from "../../src/testing/store-case.ts";
import { runStoreCase, storeCases, storeConformance } from "../../src/testing/store-conformance.ts";
import { triesAllCases } from "./chosen-cases.ts";

/** Proves a store that stands for a kind: by default without what takes most of the time. */
export function proveStore(subject: StoreSubject): void {
  if (triesAllCases) storeConformance({ describe, it }, subject);
  else proveSmallCases(subject, /./);
}

/**
 * Proves a store whose code another test proves in whole, with another server or beside another
 * store. The long tests prove it in whole as well.
 *
 * @param groups - of cases that are worth proving again
 */
export function proveLikeAnother(subject: StoreSubject, groups = /./): void {
  if (process.env.PERSISTABLE_TEST_BROKEN_ANSWERS !== undefined) storeConformance({ describe, it }, subject);
  else proveSmallCases(subject, groups);
}

/** Leaves out the cases with many objects or big ones. */
function proveSmallCases(subject: StoreSubject, groups: RegExp): void {
  describe(`${subject.name}, as a store`, () => {
    for (const storeCase of storeCases(subject)) {
      if (!groups.test(storeCase.group)) continue;
      if (/\d{7} bytes|big object|more objects|between two parts/.test(storeCase.title)) continue;
      it(`${storeCase.group}: ${storeCase.title}`, () => runStoreCase(storeCase, subject));
    }
  });
}
