import type { StorePath } from "../../store/store.ts";
import { storePath } from "../../store/store-path.ts";
import { fieldsOf } from "../../util/fields-of.ts";

/*
 * An archive is a tar file of regular files, in this order:
 *
 *   persistable-archive.json          its version
 *   <folder>/<address>.json           the record of an artifact, before its payload
 *   <folder>/<address>.<publication>… its payload; of a folder, the list before the files
 *   …
 *   persistable-archive-end.json      how many artifacts there are
 *
 * The paths are those of a data directory: where tar unpacks it, there is one.
 */
export const HEAD: StorePath = storePath("persistable-archive.json");
export const END: StorePath = storePath("persistable-archive-end.json");

const ARCHIVE_VERSION = 1;

export function encodeHead(): Uint8Array {
  return encode({ archive: ARCHIVE_VERSION });
}

export function encodeEnd(artifacts: number): Uint8Array {
  return encode({ artifacts });
}

/** Whether the first entry of an archive is of this version; returns what is wrong otherwise. */
export function headProblem(bytes: Uint8Array): string | undefined {
  const { archive } = parse(bytes);
  if (archive === ARCHIVE_VERSION) return undefined;
  return typeof archive === "number" && archive > ARCHIVE_VERSION
    ? `has the version ${archive}, which only a newer release of persistable-ts can read`
    : "does not say which version it has";
}

/** How many artifacts the last entry of an archive tells of. */
export function parseEnd(bytes: Uint8Array): unknown {
  return parse(bytes).artifacts;
}

function encode(value: Readonly<Record<string, number>>): Uint8Array {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}

function parse(bytes: Uint8Array): ReturnType<typeof fieldsOf> {
  try {
    return fieldsOf(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return {};
  }
}
