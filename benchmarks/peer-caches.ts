import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The caches that people use today, each in its own documented way, on files below `dir`. They are
 * handed a ready key, and check nothing of what they read but what they always check.
 */
export interface PeerCache {
  readonly name: string;
  set(index: number, payload: unknown): void | Promise<void>;
  get(index: number): unknown;
  close?(): void | Promise<void>;
}

type OpenPeer = (dir: string) => PeerCache | Promise<PeerCache>;

const OPENERS: readonly OpenPeer[] = [openMemoizeFs, openCacache, openUnstorage, openFlatCache, openKeyv];

export async function openPeerCaches(dir: string): Promise<readonly PeerCache[]> {
  const peers: PeerCache[] = [];
  for (const [i, open] of OPENERS.entries()) {
    const own = join(dir, `peer-${i}`);
    mkdirSync(own, { recursive: true });
    peers.push(await open(own));
  }
  return peers;
}

/** Bare reads: the least that reading costs, without verification. */
export function openBareFiles(dir: string): PeerCache {
  mkdirSync(dir, { recursive: true });
  return {
    name: "readFileSync + JSON.parse",
    set: (index, payload) => writeFileSync(join(dir, `${index}.json`), JSON.stringify(payload)),
    get: (index) => JSON.parse(readFileSync(join(dir, `${index}.json`), "utf8")),
  };
}

async function openMemoizeFs(dir: string): Promise<PeerCache> {
  const { default: memoizeFs } = await import("memoize-fs");
  let made: unknown;
  const generate = (_params: { dataset: string; index: number }): unknown => made;
  const memoized = await memoizeFs({ cachePath: dir, cacheId: "benchmark" }).fn(generate);
  const params = (index: number) => ({ dataset: "reviews", index });
  return {
    name: "memoize-fs",
    async set(index, payload) {
      made = payload;
      await memoized(params(index));
      made = undefined;
    },
    get: (index) => memoized(params(index)),
  };
}

async function openCacache(dir: string): Promise<PeerCache> {
  const { default: cacache } = await import("cacache");
  return {
    name: "cacache",
    async set(index, payload) {
      await cacache.put(dir, `reviews-${index}`, JSON.stringify(payload));
    },
    get: async (index) => JSON.parse((await cacache.get(dir, `reviews-${index}`)).data.toString("utf8")),
  };
}

async function openUnstorage(dir: string): Promise<PeerCache> {
  const [{ createStorage }, { default: fsDriver }] = await Promise.all([
    import("unstorage"),
    import("unstorage/drivers/fs"),
  ]);
  const storage = createStorage({ driver: fsDriver({ base: dir }) });
  return {
    name: "unstorage fs",
    set: (index, payload) => storage.setItem(`reviews-${index}`, payload as Record<string, unknown>),
    get: (index) => storage.getItem(`reviews-${index}`),
    close: () => storage.dispose(),
  };
}

/**
 * It keeps all of a file in memory once it has read it, so that each payload has a file of its own
 * here, opened for each hit.
 */
async function openFlatCache(dir: string): Promise<PeerCache> {
  const { create } = await import("flat-cache");
  return {
    name: "flat-cache",
    set(index, payload) {
      const cache = create({ cacheDir: dir, cacheId: `reviews-${index}` });
      cache.set("payload", payload);
      cache.save(true);
    },
    get: (index) => create({ cacheDir: dir, cacheId: `reviews-${index}` }).get("payload"),
  };
}

/**
 * On its SQLite adapter where that is installed (`npm install --no-save @keyv/sqlite` compiles or
 * downloads native code), else on a file adapter, which also keeps all of a file in memory: again
 * one file for each payload.
 */
async function openKeyv(dir: string): Promise<PeerCache> {
  const { default: Keyv } = await import("keyv");
  const sqlite = await tryImport("@keyv/sqlite");
  if (sqlite !== undefined) {
    const KeyvSqlite = sqlite.default as new (uri: string) => never;
    const keyv = new Keyv({ store: new KeyvSqlite(`sqlite://${join(dir, "keyv.sqlite")}`) });
    return {
      name: "keyv, SQLite",
      async set(index, payload) {
        await keyv.set(`reviews-${index}`, payload);
      },
      get: (index) => keyv.get(`reviews-${index}`),
      close: () => keyv.disconnect(),
    };
  }
  const { KeyvFile } = await import("keyv-file");
  const open = (index: number): InstanceType<typeof Keyv> =>
    new Keyv({ store: new KeyvFile({ filename: join(dir, `reviews-${index}.json`), writeDelay: 0 }) });
  return {
    name: "keyv, files",
    async set(index, payload) {
      await open(index).set("payload", payload);
    },
    get: (index) => open(index).get("payload"),
  };
}

async function tryImport(specifier: string): Promise<{ readonly [name: string]: unknown } | undefined> {
  try {
    return (await import(specifier)) as { readonly [name: string]: unknown };
  } catch (error) {
    if ((error as { code?: string }).code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}
