import { createSha256 } from "./sha256.ts";

/** A piece takes the event loop less than a millisecond. */
const PIECE_BYTES = 1024 * 1024;

/** An event loop that needs longer than this for a turn has other work to do. */
const IDLE_TURN_MS = 1;

/** The callers that wait until a chunk can be hashed, here or in the thread pool. */
const waiting: (() => void)[] = [];
let inPool = 0;
let isHashingHere = false;

/**
 * Computes the sha256 of a chunk: where it lies, if the event loop has nothing else to do, and
 * otherwise in the thread pool, which copies it first. The copy goes into fresh memory and costs as
 * much as a third of the hash. On two cores one chunk is in the pool and one here, while the other
 * threads read.
 */
export async function hashChunk(chunk: Uint8Array): Promise<Uint8Array> {
  if (typeof setImmediate !== "function") return hashInPool(chunk);
  while (isHashingHere && inPool >= mostInPool()) await new Promise<void>((resolve) => waiting.push(resolve));
  if (!isHashingHere) {
    isHashingHere = true;
    try {
      if ((await nextTurn()) <= IDLE_TURN_MS) return await hashHere(chunk);
    } finally {
      isHashingHere = false;
      waiting.shift()?.();
    }
  }
  return hashInPool(chunk);
}

function mostInPool(): number {
  return Math.max(1, globalThis.process.getBuiltinModule("node:os").availableParallelism() - 2);
}

async function hashInPool(chunk: Uint8Array): Promise<Uint8Array> {
  inPool++;
  try {
    return new Uint8Array(await crypto.subtle.digest("SHA-256", chunk as Uint8Array<ArrayBuffer>));
  } finally {
    inPool--;
    waiting.shift()?.();
  }
}

/** Other work comes first after each piece. */
async function hashHere(chunk: Uint8Array): Promise<Uint8Array> {
  const hash = createSha256();
  for (let start = 0; start < chunk.length; start += PIECE_BYTES) {
    if (start > 0) await nextTurn();
    hash.update(chunk.subarray(start, start + PIECE_BYTES));
  }
  return new Uint8Array(hash.digest());
}

/** Waits until the event loop has done what was ready, and returns how long that took. */
function nextTurn(): Promise<number> {
  const startedMs = performance.now();
  return new Promise((resolve) => setImmediate(() => resolve(performance.now() - startedMs)));
}
