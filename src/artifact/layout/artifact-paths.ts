import type { Address } from "../../address/address.ts";
import type { StorePath } from "../../store/store.ts";
import { storePath } from "../../store/store-path.ts";
import { safeName } from "../../util/safe-name.ts";

/** Where leases, quarantine and other things lie that may all be deleted. */
export const INTERNAL_FOLDER = ".persistable";

/** Payloads up to this many bytes lie inside their record, so that a hit is one synchronous read. */
export const DEFAULT_INLINE_BYTES = 4096;

/** The folder that holds every artifact of one name. */
export function artifactFolder(name: string): StorePath {
  return storePath(safeName(name));
}

export function recordPath(name: string, address: Address): StorePath {
  // Every hit asks for one. An address is 64 hexadecimal digits, so that only the folder needs to be checked, and that once.
  let folder = folders.get(name);
  if (folder === undefined) {
    folder = artifactFolder(name);
    if (folders.size >= MAX_FOLDERS) folders.clear();
    folders.set(name, folder);
  }
  return `${folder}/${address}.json` as StorePath;
}

const folders = new Map<string, StorePath>();
const MAX_FOLDERS = 1000;

/** A payload file carries the publication's own random part, so that no writer ever touches what another one wrote. */
export function newPayloadFile(address: Address, extension: string): string {
  const publication = crypto.getRandomValues(new Uint8Array(4));
  return `${address}.${[...publication].map((byte) => byte.toString(16).padStart(2, "0")).join("")}${extension}`;
}

export function payloadPath(name: string, file: string): StorePath {
  return storePath(safeName(name), file);
}

/** Whether a record may name this file: a payload lies beside its record, under its address. */
export function isPayloadFileOf(file: string, address: Address): boolean {
  return file.startsWith(`${address}.`) && /^\.[0-9a-f]{8}(\.[a-z0-9]+)+$/.test(file.slice(address.length));
}

/** One artifact may be damaged several times, in several ways: `judgment` tells them apart. */
export function quarantinePath(name: string, file: string, judgment: string): StorePath {
  return storePath(INTERNAL_FOLDER, "quarantine", safeName(name), ...`${judgment}-${file}`.split("/"));
}

/** The address that a file belongs to when it is a record, by its name alone. */
export function addressOfRecordPath(path: string): Address | undefined {
  const match = /(?:^|\/)([0-9a-f]{64})\.json$/.exec(path);
  return match?.[1] as Address | undefined;
}
