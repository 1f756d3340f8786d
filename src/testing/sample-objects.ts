import type { Store, StoreEntry, StorePath } from "../store/store.ts";
import { storePath } from "../store/store-path.ts";
import { collected } from "../util/concurrency/collected.ts";

export const FOLDER: StorePath = storePath("points");
export const PATH: StorePath = storePath("points", "3f9a.json");
export const OTHER_PATH: StorePath = storePath("points", "77be.json");

export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/** Bytes that never repeat, so that a part at a wrong offset is noticed. */
export function pattern(sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  const words = new Uint32Array(bytes.buffer, 0, sizeBytes >> 2);
  let state = 0x9e3779b9 ^ sizeBytes;
  for (let index = 0; index < words.length; index++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + index;
    words[index] = state;
  }
  for (let index = words.length * 4; index < sizeBytes; index++) bytes[index] = index * 7;
  return bytes;
}

/** All entries of a listing, sorted by path. */
export async function listAll(store: Store, prefix = ""): Promise<StoreEntry[]> {
  return (await collected(store.list(prefix))).sort((one, other) => (one.path < other.path ? -1 : 1));
}

export async function listPaths(store: Store, prefix = ""): Promise<string[]> {
  return (await listAll(store, prefix)).map((entry) => entry.path);
}

/** Chunks that arrive one by one. */
export async function* arriving(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    await Promise.resolve();
    yield chunk;
  }
}

/**
 * Two chunks, of which the last one comes after `release()`; `reached` resolves when the store asks
 * for it.
 */
export function paused(first: Uint8Array, last: Uint8Array): PausedChunks {
  let reach = (): void => {};
  let release = (): void => {};
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield first;
    reach();
    await released;
    yield last;
  }
  return { chunks: chunks(), reached, release };
}

export interface PausedChunks {
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly reached: Promise<void>;
  release(): void;
}

/** Chunks whose source fails after the first one. */
export async function* failing(first: Uint8Array, error: unknown): AsyncGenerator<Uint8Array> {
  yield first;
  throw error;
}
