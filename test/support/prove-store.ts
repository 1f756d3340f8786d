import { describe, it } from "vitest";
import type { StoreSubject } from "../../src/testing/store-case.ts";
import { runStoreCase, storeCases, storeConformance } from "../../src/testing/store-conformance.ts";

/**
 * Proves a store whose code another test proves in whole, with another server or beside another
 * store. By default it leaves out the cases with many objects or big ones, which take most of the
 * time; the long tests have all of them.
 *
 * @param groups - of cases that are worth proving again
 */
export function proveLikeAnother(subject: StoreSubject, groups = /./): void {
  if (process.env.PERSISTABLE_TEST_BROKEN_ANSWERS !== undefined) {
    storeConformance({ describe, it }, subject);
    return;
  }
  describe(`${subject.name}, as a store`, () => {
    for (const storeCase of storeCases(subject)) {
      if (!groups.test(storeCase.group)) continue;
      if (/\d{7} bytes|big object|more objects|between two parts/.test(storeCase.title)) continue;
      it(`${storeCase.group}: ${storeCase.title}`, () => runStoreCase(storeCase, subject));
    }
  });
}
