import type { ReadableStore, StoreCallOptions, StoreFolder, StorePath } from "./store.ts";

/**
 * The names in a folder of any store; `""` is the folder of the whole store. A store that cannot
 * list a folder alone lists every object in it.
 *
 * @throws a StoreError where the store cannot be listed; the signal's reason
 */
export async function folderNames(
  store: ReadableStore,
  folder: StorePath | "",
  options: StoreCallOptions = {},
): Promise<StoreFolder> {
  if (store.listFolder !== undefined) return store.listFolder(folder, options);
  const prefix = folder === "" ? "" : `${folder}/`;
  const objects: string[] = [];
  const folders = new Set<string>();
  for await (const { path } of store.list(prefix, options)) {
    const [name = "", inner] = path.slice(prefix.length).split("/", 2);
    if (inner === undefined) objects.push(name);
    else folders.add(name);
  }
  return { objects, folders: [...folders] };
}
