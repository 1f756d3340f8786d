export { type FormatSubject, formatConformance } from "./format-conformance.ts";
export type { OpenedStore, StoreCase, StoreSubject } from "./store-case.ts";
export { runStoreCase, storeCases, storeConformance, type TestRunner } from "./store-conformance.ts";
