import { internalPath, STORE_ID_FILE } from "../store/internal-folder.ts";
import type { Store } from "../store/store.ts";
import { sha256Hex } from "../util/digest/sha256.ts";
import { randomHex } from "../util/random-hex.ts";
import { NO_POOL } from "./pool-of.ts";

const ID = /^[0-9a-f]{16}$/;
const SIMPLE = /^[\w-]+$/;

/**
 * Names the queue that the runs and workers of the same code and the same store share. A worker
 * with other code, or with another data directory, never sees their jobs.
 *
 * @param code - the digest of the code, or the user's name for it
 */
export async function queueName(code: string, store: Store): Promise<string> {
  return `p.${short(code, 16)}.${await storeId(store)}`;
}

/**
 * Names the queue of a pool.
 *
 * @param queue - the name of the queue for nodes without a pool
 */
export function poolQueueName(queue: string, pool: string): string {
  return pool === NO_POOL ? queue : `${queue}.p.${short(pool, 10)}`;
}

/** PostgreSQL shows at most 63 characters of the name of a queue and a worker of it. */
function short(name: string, most: number): string {
  return name.length <= most && SIMPLE.test(name) ? name : sha256Hex(name).slice(0, most);
}

/**
 * The id of a store, which is made on first use: machines reach the same store by different paths.
 */
async function storeId(store: Store): Promise<string> {
  const path = internalPath(STORE_ID_FILE);
  const known = await readId(store);
  if (known !== undefined) return known;
  const id = randomHex(8);
  if ((await store.createIfAbsent(path, [Buffer.from(id)])) === "created") return id;
  const other = await readId(store);
  if (other !== undefined) return other;
  await store.replace(path, [Buffer.from(id)]);
  return id;
}

async function readId(store: Store): Promise<string | undefined> {
  const bytes = await store.read(internalPath(STORE_ID_FILE), { maxBytes: 1000 });
  const id = bytes && Buffer.from(bytes).toString();
  return id !== undefined && ID.test(id) ? id : undefined;
}
