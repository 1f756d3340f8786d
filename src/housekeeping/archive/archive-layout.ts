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
 *   <folder>/sources/<fingerprint>.txt                  the source that made some of them
 *   <folder>/<address>.accepted-<fingerprint>.json      a change of it that the user has accepted
 *   .persistable/tags/…, …/pins/…     the tags and pins of these artifacts
 *   persistable-archive-end.json      how many artifacts there are
 *
 * The paths are those of a data directory: unpacking an archive with tar makes a data directory.
 */
export const HEAD: StorePath = storePath("persistable-archive.json");
export const END: StorePath = storePath("persistable-archive-end.json");

/** Earlier releases do not know tags, and later ones do not know notes about the source. */
const PLAIN = 1;
const WITH_TAGS = 2;
const WITH_NOTES = 3;

/** Says what an archive has besides artifacts. */
export interface ArchiveExtras {
  readonly hasTags: boolean;
  readonly hasNotes: boolean;
}

/** An archive has the lowest version that fits, so that earlier releases can read it, too. */
export function encodeHead({ hasTags, hasNotes }: ArchiveExtras): Uint8Array {
  return encode({ archive: hasNotes ? WITH_NOTES : hasTags ? WITH_TAGS : PLAIN });
}

export function encodeEnd(artifacts: number): Uint8Array {
  return encode({ artifacts });
}

/** Returns why this release cannot read an archive that begins with this entry. */
export function headProblem(bytes: Uint8Array): string | undefined {
  const { archive } = fieldsOf(tryParseJson(bytes));
  if (archive === PLAIN || archive === WITH_TAGS || archive === WITH_NOTES) return undefined;
  return typeof archive === "number" && archive > WITH_NOTES
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
