import type { Address } from "../address/address.ts";
import { recordPath } from "../artifact/layout/record-path.ts";
import { encodeTag, parseTag, type Tag, tagPath } from "../catalog/tag-file.ts";
import { UnresolvedArtifactError } from "../errors/artifact-errors.ts";
import { DefinitionError } from "../errors/persistable-errors.ts";
import { findRecordPath, readFoundRecord } from "../inspect/find-record.ts";
import { certainStore } from "../store/certain-store.ts";
import { internalPath, PINS_FOLDER, TAGS_FOLDER } from "../store/internal-folder.ts";
import { openStore } from "../store/open/open-store.ts";
import type { Store, StoreCallOptions, StorePath } from "../store/store.ts";
import { safeName } from "../util/safe-name.ts";

/**
 * Gives an artifact a name of its own, such as `paper`. No collection removes an artifact that has
 * a tag, or anything that it was made from. Only one artifact of each name can have the same tag:
 * giving it to another one moves it.
 *
 * @param artifact - an address or its first digits, with the name and a slash before it or alone
 * @param tag - a text of at most 100 characters, other than `latest`
 * @throws {@link UnresolvedArtifactError}, {@link DefinitionError} for a text that cannot be a tag,
 * a StoreError
 *
 * @example
 * ```ts
 * import { tagArtifact } from "persistable-ts/housekeeping";
 *
 * await tagArtifact("example-data", "outlier_estimator/3f9a1c2e", "paper");
 * ```
 */
export function tagArtifact(
  dataDir: string | URL | Store,
  artifact: string,
  tag: string,
  options: StoreCallOptions = {},
): Promise<Tag> {
  checkTag(tag);
  return mark(dataDir, artifact, tag, options);
}

/**
 * Keeps an artifact, and everything that it was made from, from being collected.
 *
 * @param artifact - as for {@link tagArtifact}
 * @throws {@link UnresolvedArtifactError}, a StoreError
 *
 * @example
 * ```ts
 * import { pinArtifact } from "persistable-ts/housekeeping";
 *
 * await pinArtifact("example-data", "3f9a1c2e");
 * ```
 */
export function pinArtifact(
  dataDir: string | URL | Store,
  artifact: string,
  options: StoreCallOptions = {},
): Promise<Tag> {
  return mark(dataDir, artifact, undefined, options);
}

/**
 * Removes a tag from the artifact of this name that has it.
 *
 * @returns whether an artifact had the tag
 * @throws a StoreError
 *
 * @example
 * ```ts
 * import { untagArtifact } from "persistable-ts/housekeeping";
 *
 * await untagArtifact("example-data", "outlier_estimator", "paper"); // true
 * ```
 */
export function untagArtifact(
  dataDir: string | URL | Store,
  name: string,
  tag: string,
  options: StoreCallOptions = {},
): Promise<boolean> {
  checkTag(tag);
  return openStore(dataDir).remove(tagPath(name, tag), options);
}

/**
 * Lets an artifact be collected again. It may be gone already: then the whole address is needed.
 *
 * @param artifact - as for {@link tagArtifact}, with the name
 * @returns whether it was pinned
 * @throws {@link UnresolvedArtifactError}, a StoreError
 *
 * @example
 * ```ts
 * import { unpinArtifact } from "persistable-ts/housekeeping";
 *
 * await unpinArtifact("example-data", "outlier_estimator/3f9a1c2e");
 * ```
 */
export async function unpinArtifact(
  dataDir: string | URL | Store,
  artifact: string,
  options: StoreCallOptions = {},
): Promise<boolean> {
  const store = openStore(dataDir);
  const { pins } = await readTags(store, options.signal);
  const slash = artifact.lastIndexOf("/");
  const digits = artifact.slice(slash + 1);
  const name = slash === -1 ? undefined : artifact.slice(0, slash);
  const found = pins.filter((pin) => pin.address.startsWith(digits) && (name === undefined || pin.name === name));
  const [pin] = found;
  if (digits.length < 4 || found.length > 1)
    throw new UnresolvedArtifactError(
      artifact,
      `does not mean one of the ${found.length} artifacts that are pinned: give more digits of its address`,
    );
  return pin === undefined ? false : store.remove(pinPath(pin.name, pin.address), options);
}

/**
 * All tags and pins of a data directory, by name, tag and address. A pin has no `tag`. Files that
 * are not tags are left out.
 *
 * @throws a StoreError if the store cannot be read
 *
 * @example
 * ```ts
 * import { listTags } from "persistable-ts/housekeeping";
 *
 * for (const { name, tag, address } of await listTags("example-data"))
 *   console.log(`${name}@${tag ?? "(pinned)"}`, address);
 * ```
 */
export async function listTags(
  dataDir: string | URL | Store,
  options: StoreCallOptions & { readonly name?: string | undefined } = {},
): Promise<readonly Tag[]> {
  const { tags, pins } = await readTags(openStore(dataDir), options.signal, options.name);
  const keyOf = ({ name, tag = "", address }: Tag): string => `${name}\n${tag}\n${address}`;
  return [...tags, ...pins].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** @throws a StoreError */
export async function readTags(
  from: Store,
  signal: AbortSignal | undefined,
  name?: string,
): Promise<{ readonly tags: readonly Tag[]; readonly pins: readonly Tag[] }> {
  const store = certainStore(from);
  const read = async (folder: string): Promise<Tag[]> => {
    const found: Tag[] = [];
    const prefix = name === undefined ? internalPath(folder) : internalPath(folder, safeName(name));
    for await (const { path } of store.list(`${prefix}/`, { signal })) {
      const bytes = await store.read(path, { signal });
      const tag = bytes && parseTag(bytes);
      if (tag !== undefined && path === tagFilePath(tag)) found.push(tag);
    }
    return found;
  };
  return { tags: await read(TAGS_FOLDER), pins: await read(PINS_FOLDER) };
}

async function mark(
  dataDir: string | URL | Store,
  artifact: string,
  tag: string | undefined,
  options: StoreCallOptions,
): Promise<Tag> {
  const store = openStore(dataDir);
  const certain = certainStore(store);
  const path = await findRecordPath(certain, artifact, options.signal);
  const { record } = await readFoundRecord(certain, path, [], options.signal);
  const { name, address } = record;
  const mark: Tag = { name, address, ...(tag === undefined ? {} : { tag }), createdAt: new Date().toISOString() };
  await store.replace(tagFilePath(mark), [encodeTag(mark)], options);
  // A collector looks for tags before it removes a record. If it was faster, the artifact of this
  // tag is gone.
  if ((await certain.stat(recordPath(name, address), options)) !== undefined) return mark;
  await store.remove(tagFilePath(mark));
  throw new UnresolvedArtifactError(artifact, "was removed meanwhile");
}

/** The path of the file of a tag or a pin. */
export function tagFilePath({ name, tag, address }: Pick<Tag, "name" | "tag" | "address">): StorePath {
  return tag === undefined ? pinPath(name, address) : tagPath(name, tag);
}

function pinPath(name: string, address: Address): StorePath {
  return internalPath(PINS_FOLDER, safeName(name), `${address}.json`);
}

function checkTag(tag: string): void {
  const problem = tagProblem(tag);
  if (problem !== undefined)
    throw new DefinitionError(
      `${JSON.stringify(tag)} cannot be a tag: it ${problem}. Give a short text, such as "paper".`,
    );
}

/** The reason for which a value cannot be a tag, as the end of a sentence. */
export function tagProblem(tag: unknown): string | undefined {
  if (typeof tag !== "string") return "is not a text";
  if (tag.trim() !== tag || tag === "") return "is empty, or begins or ends with a space";
  if (tag.length > 100) return "has more than 100 characters";
  if (/[\p{C}/@]/u.test(tag)) return 'has a "/", an "@" or an invisible character in it';
  return tag === "latest" ? "always means the newest artifact of a name" : undefined;
}
