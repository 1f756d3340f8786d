// A program that may write to a container of Azure, and generates one payload again.

import { azureStore } from "../../src/entry/stores/azure.ts";
import { definePersistable } from "../../src/persistable/define-persistable.ts";

/** The container in which the child generates. The credentials are in its environment. */
export interface GenerateInput {
  readonly container: string;
  readonly endpoint: string;
}

/** Kinds of events, in their order. */
export type GenerateLine = readonly string[];

const { container, endpoint } = JSON.parse(process.argv[2] ?? "") as GenerateInput;
const value = definePersistable({ name: "value", generate: () => ({ x: Math.random() }) });
const events: string[] = [];
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const dataDir = await azureStore({ container, endpoint });
await value({}, { dataDir, logger, onEvent: ({ type }) => void events.push(type) }).generate();
process.stdout.write(`${JSON.stringify(events)}\n`);
