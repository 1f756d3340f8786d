import type { Address } from "../address/address.ts";
import { isAddress } from "../address/address-of.ts";
import { internalPath, TAGS_FOLDER } from "../store/internal-folder.ts";
import type { StorePath } from "../store/store.ts";
import { fieldsOf } from "../util/fields-of.ts";
import { tryParseJson } from "../util/json/checks.ts";
import { safeName } from "../util/safe-name.ts";

/** The name that a person gave to an artifact; without `tag`, a pin. */
export interface Tag {
  /** The name of the artifact. */
  readonly name: string;
  readonly tag?: string;
  readonly address: Address;
  /** ISO 8601 */
  readonly createdAt: string;
}

const TAG_VERSION = 1;

export function tagPath(name: string, tag: string): StorePath {
  return internalPath(TAGS_FOLDER, safeName(name), `${safeName(tag)}.json`);
}

export function encodeTag(tag: Tag): Uint8Array {
  return Buffer.from(`${JSON.stringify({ tagged: TAG_VERSION, ...tag }, undefined, 2)}\n`);
}

/** Returns `undefined` for anything that is not a tag of this release. */
export function parseTag(bytes: Uint8Array): Tag | undefined {
  const { name, tag, address, createdAt } = fieldsOf(tryParseJson(bytes));
  if (typeof name !== "string" || !isAddress(address)) return undefined;
  if (typeof createdAt !== "string" || Number.isNaN(Date.parse(createdAt))) return undefined;
  if (tag !== undefined && typeof tag !== "string") return undefined;
  return { name, address, createdAt, ...(tag === undefined ? {} : { tag }) };
}
