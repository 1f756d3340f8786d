import type { Address } from "../address/address.ts";
import { recordPath } from "../artifact/layout/record-path.ts";
import { encodeTag, parseTag, type Tag } from "../catalog/tag-file.ts";
import { certainStore } from "../store/certain-store.ts";
import type { Store, StorePath } from "../store/store.ts";
import type { CopyCounter } from "./copied-artifact.ts";
import { readTags, tagFilePath } from "./tags.ts";

/** Returns the tags and pins of the artifacts whose records are at these paths. */
export async function tagsOf(
  source: Store,
  records: readonly StorePath[],
  signal: AbortSignal | undefined,
): Promise<readonly Tag[]> {
  const chosen = new Set(records);
  const { tags, pins } = await readTags(source, signal);
  return [...tags, ...pins].filter(({ name, address }) => chosen.has(recordPath(name, address)));
}

/**
 * Copies a tag or a pin of an artifact that was copied. If another artifact of the destination has
 * the tag, it keeps it.
 */
export async function copyTag(
  destination: Store,
  tag: Tag,
  counter: CopyCounter,
  signal: AbortSignal | undefined,
): Promise<void> {
  const path = tagFilePath(tag);
  const theirs = await addressTagged(destination, path, signal);
  if (theirs !== undefined && theirs !== tag.address) {
    counter.addProblem({ path, outcome: "different", problem: "the destination has this tag on another artifact" });
    return;
  }
  if (theirs !== undefined) return;
  const outcome = await destination.createIfAbsent(path, [encodeTag(tag)], { signal });
  // If the file exists but does not hold a tag, a process was stopped while it wrote the file.
  if (outcome === "exists") await destination.replace(path, [encodeTag(tag)], { signal });
  // A tag must not exist without its artifact, which may have been damaged or collected since.
  if ((await certainStore(destination).stat(recordPath(tag.name, tag.address), { signal })) === undefined)
    await destination.remove(path);
  else counter.addTag();
}

async function addressTagged(
  destination: Store,
  path: StorePath,
  signal: AbortSignal | undefined,
): Promise<Address | undefined> {
  const bytes = await certainStore(destination).read(path, { signal });
  return bytes && parseTag(bytes)?.address;
}
