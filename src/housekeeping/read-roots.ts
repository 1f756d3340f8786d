import type { Address } from "../address/address.ts";
import { parseTag } from "../catalog/tag-file.ts";
import { internalPath, PINS_FOLDER, TAGS_FOLDER } from "../store/internal-folder.ts";
import type { Store } from "../store/store.ts";
import { safeName } from "../util/safe-name.ts";
import { addressesIn } from "./addresses-in.ts";
import type { KeepReason } from "./collection-plan.ts";

/**
 * Returns the artifacts that tags and pins keep, with the reason for each. If a file cannot be
 * parsed, a newer release may have written it, so it keeps every artifact whose address it
 * contains.
 *
 * @param name - to read only the tags of this name
 */
export async function readRoots(
  store: Store,
  signal: AbortSignal | undefined,
  name?: string,
): Promise<ReadonlyMap<Address, KeepReason>> {
  const roots = new Map<Address, KeepReason>();
  for (const folder of [PINS_FOLDER, TAGS_FOLDER]) {
    const prefix = name === undefined ? internalPath(folder) : internalPath(folder, safeName(name));
    for await (const { path } of store.list(`${prefix}/`, { signal })) {
      const bytes = await store.read(path, { signal });
      if (bytes === undefined) continue;
      const { tag } = parseTag(bytes) ?? {};
      const text = `${path} ${new TextDecoder("latin1").decode(bytes)}`;
      for (const address of addressesIn(text))
        roots.set(
          address,
          tag === undefined ? { code: "pinned", text: "pinned" } : { code: "tagged", text: `tagged ${tag}` },
        );
    }
  }
  return roots;
}
