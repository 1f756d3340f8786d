import { expect } from "vitest";
import { type LayeredMode, type LayeredStore, layeredStore } from "../../src/entry/stores/layered.ts";
import { npy } from "../../src/format/built-in/built-in-formats.ts";
import { definePersistable } from "../../src/persistable/define-persistable.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import type { Store } from "../../src/store/store.ts";
import { storePath } from "../../src/store/store-path.ts";
import { type FaultyStore, faultyStore } from "./faulty-store.ts";

export const silent = { debug() {}, info() {}, warn() {}, error() {} };
export const PATH = storePath("points", "3f9a.json");
export const text = (value: string): Uint8Array => new TextEncoder().encode(value);

export interface Layers {
  readonly local: Store;
  readonly remote: FaultyStore;
  readonly store: LayeredStore;
}

/** A local store in memory, before a remote one that can fail. */
export function layers(remote: FaultyStore = faultyStore(memoryStore()), mode?: LayeredMode): Layers {
  const local = memoryStore();
  return { local, remote, store: layeredStore({ local, remote, mode, onRemoteFailure() {} }) };
}

/** Each object generates a payload of its own: whose it is can be seen. */
export function points(maker: number, onGenerate: () => unknown = () => {}) {
  return definePersistable({
    name: "points",
    format: npy(),
    generate: async () => {
      await onGenerate();
      return new Float64Array(1000).fill(maker);
    },
  });
}

/** The payload of `points`, which says who made it. */
export const load = async (store: Store, maker: number, onGenerate?: () => unknown): Promise<number> => {
  const payload = await points(maker, onGenerate)({}, { dataDir: store, logger: silent }).payload;
  expect(new Set(payload).size).toBe(1);
  return payload[0] as number;
};

export const word = (store: Store, value: string): Promise<string> =>
  definePersistable({ name: "word", generate: () => value })({}, { dataDir: store, logger: silent }).payload;

/** A generator for callers that must find the payload. */
export const never = (): never => expect.unreachable("generated");
