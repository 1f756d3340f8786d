export type { EngineSubject, OpenedEngine } from "../testing/engine-case.ts";
export { engineConformance } from "../testing/engine-conformance.ts";
export { type FormatSubject, formatConformance } from "../testing/format-conformance.ts";
export type { OpenedStore, StoreCase, StoreSubject } from "../testing/store-case.ts";
export { runStoreCase, storeCases, storeConformance, type TestRunner } from "../testing/store-conformance.ts";
