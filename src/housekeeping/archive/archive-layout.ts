import type { StorePath } from "../../store/store.ts";
import { storePath } from "../../store/store-path.ts";
import { fieldsOf } from "../../util/fields-of.ts";
import { tryParseJson } from "../../util/json/checks.ts";

/*
 * An archive is a tar file of regular files, in this order:
 *
 *   persistable-archive.json          its version
 *   <folder>/<address>.json           the record of an artifact, before its payload
 *   <folder>/<address>.<publication>… its payload; of a folder, the list before the files
 *   …
 *   .persistable/tags/…, …/pins/…     the tags and pins of these artifacts
 *   persistable-archive-end.json      how many artifacts there are
 *
 * The paths are those of a data directory: unpacking an archive with tar makes a data directory.
 */
export const HEAD: StorePath = storePath("persistable-archive.json");
export const END: StorePath = storePath("persistable-archive-end.json");

/**
 * The version of an archive without tags, which earlier releases can read: they do not know tags.
 */
const WITHOUT_TAGS = 1;
const WITH_TAGS = 2;

export function encodeHead(hasTags: boolean): Uint8Array {
  return encode({ archive: hasTags ? WITH_TAGS : WITHOUT_TAGS });
}

export function encodeEnd(artifacts: number): Uint8Array {
  return encode({ artifacts });
}

/** Returns why this release cannot read an archive that begins with this entry. */
export function headProblem(bytes: Uint8Array): string | undefined {
  const { archive } = fieldsOf(tryParseJson(bytes));
  if (archive === WITHOUT_TAGS || archive === WITH_TAGS) return undefined;
  return typeof archive === "number" && archive > WITH_TAGS
    ? `has the version ${archive}, which only a newer release of persistable-ts can read`
    : "does not say which version it has";
}

/** Returns the number of artifacts that the last entry of an archive states. */
export function parseEnd(bytes: Uint8Array): unknown {
  return fieldsOf(tryParseJson(bytes)).artifacts;
}

function encode(value: Readonly<Record<string, number>>): Uint8Array {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}
