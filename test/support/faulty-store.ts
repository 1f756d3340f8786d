import { StoreIoError, type StoreOperation } from "../../src/errors/store-errors.ts";
import type { Store, StorePath } from "../../src/store/store.ts";
import { digestOf } from "../../src/util/digest/digest.ts";

/** A store on a connection that can be cut. */
export interface FaultyStore extends Store {
  /** While it is `true` every call fails. */
  isDown: boolean;
  /** Calls that came, answered or not, as `read points/3f9a.json`. */
  readonly calls: string[];
  /**
   * Asked for each call: whether it fails, before it has done anything (`true`) or after it has
   * done it (`"late"`).
   */
  fails: (operation: StoreOperation, path: string) => boolean | "late";
}

/**
 * The same store, without its synchronous door and its place on the disk, as far as the connection
 * to it carries.
 */
export function faultyStore(store: Store, capabilities: Partial<Store["capabilities"]> = {}): FaultyStore {
  const failure = (operation: StoreOperation, path: string): StoreIoError => {
    const cause = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    return new StoreIoError({ operation, path: `${store.url}/${path}`, systemCode: "ECONNREFUSED", cause });
  };
  const call = async <Value>(operation: StoreOperation, path: string, work: () => Promise<Value>): Promise<Value> => {
    faulty.calls.push(`${operation} ${path}`);
    const fails = faulty.isDown || faulty.fails(operation, path);
    if (fails === true) throw failure(operation, path);
    const answer = await work();
    if (fails === "late") throw failure(operation, path);
    return answer;
  };
  const faulty: FaultyStore = {
    isDown: false,
    calls: [],
    fails: () => false,
    url: store.url,
    capabilities: { ...store.capabilities, ...capabilities },
    read: (path, options) => call("read", path, () => store.read(path, options)),
    stat: (path, options) => call("stat", path, () => store.stat(path, options)),
    writeFresh: (path, chunks, options) => call("write", path, () => store.writeFresh(path, chunks, options)),
    createIfAbsent: (path, chunks, options) => call("create", path, () => store.createIfAbsent(path, chunks, options)),
    replace: (path, chunks, options) => call("replace", path, () => store.replace(path, chunks, options)),
    move: (from, to, options) => call("move", from, () => store.move(from, to, options)),
    remove: (path, options) => call("remove", path, () => store.remove(path, options)),
    async *list(prefix, options) {
      await call("list", prefix, async () => {});
      for await (const entry of store.list(prefix, options)) {
        if (faulty.isDown) throw failure("list", prefix);
        yield entry;
      }
    },
  };
  return faulty;
}

/** Everything that lies in a store, but for what may be deleted. */
export async function objectsIn(store: Store): Promise<Map<StorePath, Uint8Array>> {
  const objects = new Map<StorePath, Uint8Array>();
  for await (const { path } of store.list("")) {
    if (path.startsWith(".persistable/")) continue;
    const bytes = await store.read(path);
    if (bytes !== undefined) objects.set(path, bytes);
  }
  return objects;
}

/** {@link objectsIn} by their digests, which are quicker to compare. */
export async function digestsIn(store: Store): Promise<Map<StorePath, string>> {
  return new Map([...(await objectsIn(store))].map(([path, bytes]) => [path, digestOf([bytes])]));
}

/**
 * Finds broken artifacts of a store without our own reading of records: records whose payload is
 * missing or is another one.
 */
export async function brokenArtifacts(store: Store): Promise<string[]> {
  const objects = await objectsIn(store);
  const broken: string[] = [];
  for (const [path, bytes] of objects) {
    if (!/\/[0-9a-f]{64}\.json$/.test(path)) continue;
    const { payload } = JSON.parse(new TextDecoder().decode(bytes)) as {
      readonly payload: { readonly file?: string; readonly sizeBytes: number; readonly digest: string };
    };
    if (payload.file === undefined) continue;
    const there = objects.get(`${path.slice(0, path.lastIndexOf("/"))}/${payload.file}` as StorePath);
    if (there === undefined) broken.push(`${path}: its payload is missing`);
    else if (digestOf([there]) !== payload.digest) broken.push(`${path}: its payload is another one`);
  }
  return broken;
}
