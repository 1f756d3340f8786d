import type { Address } from "../../address/address.ts";
import { internalPath, QUARANTINE_FOLDER } from "../../store/internal-folder.ts";
import type { StorePath } from "../../store/store.ts";
import { storePath } from "../../store/store-path.ts";
import { randomHex } from "../../util/random-hex.ts";
import { safeName } from "../../util/safe-name.ts";

/*
 * The names of an artifact's objects. All of them lie in the folder of the artifact's name:
 *
 *   <address>.json                               the record
 *   <address>.<publication>.<extension>          the payload, unless it is inside the record
 *   <address>.<publication>.files.json           a payload of several files: their list
 *   <address>.<publication>.files/<path>         and the files
 *   <address>.failed.json                        the note of a failure in a run
 *   <address>.accepted-<fingerprint>.json        that a change of the source does not matter to it
 *   sources/<fingerprint>.txt                    the source that has generated some of them
 */

/**
 * Returns a name for a payload file. Part of it is random and different for each publication, so
 * that no writer ever touches what another one wrote.
 */
export function newPayloadFile(address: Address, extension: string): string {
  return `${address}.${randomHex(4)}${extension}`;
}

export function payloadPath(name: string, file: string): StorePath {
  return storePath(safeName(name), file);
}

/** Whether a record may name this file: a payload lies beside its record, under its address. */
export function isPayloadFileOf(file: string, address: Address): boolean {
  return file.startsWith(`${address}.`) && PAYLOAD_FILE.test(file);
}

/**
 * The path of a damaged file that is set aside. One artifact may be damaged several times, in
 * several ways: `judgment` tells the cases apart.
 */
export function quarantinePath(name: string, file: string, judgment: string): StorePath {
  return internalPath(QUARANTINE_FOLDER, safeName(name), ...`${judgment}-${file}`.split("/"));
}

/**
 * Returns the address of the artifact whose record has this path; `undefined` if a record cannot
 * have this path. No file is read.
 */
export function addressOfRecordPath(path: string): Address | undefined {
  return RECORD.exec(path)?.[1] as Address | undefined;
}

export function failurePath(name: string, address: Address): StorePath {
  return payloadPath(name, `${address}${FAILURE_END}`);
}

/**
 * The path of the note that says: the user accepts this artifact as made by the source with this
 * fingerprint.
 */
export function acceptedPath(name: string, address: Address, fingerprint: string): StorePath {
  return payloadPath(name, `${address}.accepted-${digitsOf(fingerprint).slice(0, 16)}.json`);
}

/** The path of the text of the source that has this fingerprint. */
export function sourcePath(name: string, fingerprint: string): StorePath {
  return storePath(safeName(name), "sources", `${digitsOf(fingerprint)}.txt`);
}

function digitsOf(fingerprint: string): string {
  return fingerprint.slice(fingerprint.indexOf(":") + 1);
}

/**
 * Returns the address whose failed generation is noted under this path; `undefined` if such a note
 * cannot have this path. No file is read.
 */
export function addressOfFailurePath(path: string): Address | undefined {
  return path.endsWith(FAILURE_END) ? addressOfRecordPath(`${path.slice(0, -FAILURE_END.length)}.json`) : undefined;
}

/** The part that an object has in an artifact: a `part` is one of the files of its payload. */
export type ArtifactObject =
  | { readonly kind: "record" }
  | { readonly kind: "payload" | "part"; readonly record: StorePath; readonly file: string }
  | { readonly kind: "other" };

/**
 * Returns the part that an object has in an artifact. Its path says this, so that no file is read.
 */
export function objectAt(path: string): ArtifactObject {
  if (RECORD.test(path)) return { kind: "record" };
  const [, folder = "", file, address, inner] = OBJECT.exec(path) ?? [];
  if (file === undefined || address === undefined) return { kind: "other" };
  const record = `${folder}${address}.json` as StorePath;
  if (inner === undefined) return { kind: "payload", record, file };
  return { kind: "part", record, file: `${file}.json` };
}

const RECORD = /(?:^|\/)([0-9a-f]{64})\.json$/;
const FAILURE_END = ".failed.json";
const PAYLOAD_FILE = /^[0-9a-f]{64}\.[0-9a-f]{8}(?:\.[a-z0-9]+)+$/;
const OBJECT = /^((?:.*\/)?)(([0-9a-f]{64})\.[0-9a-f]{8}(?:\.[a-z0-9]+)+)(\/.*)?$/;
