import type { StorePath } from "../store/store.ts";
import { sha256Hex } from "../util/digest/sha256.ts";

/*
 * What the names and texts of objects tell of artifacts, for a store that has to keep the order of several places: payload first, record
 * last. A record is `<address>.json`; its payload lies beside it under `<address>.<publication>.<extension>`, and where that is a list of
 * files, these lie in the folder of that name without `.json`.
 */

/** What an object is to an artifact. */
export type ArtifactObject =
  | { readonly kind: "record" }
  | { readonly kind: "payload" | "part"; readonly record: StorePath; readonly file: string }
  | { readonly kind: "other" };

/** The payload that a record names. */
export interface NamedPayload {
  readonly path: StorePath;
  readonly file: string;
  readonly sizeBytes: number;
  readonly digest: string;
  /** Where it is a list of files, their folder, ending in a slash. */
  readonly filesFolder: string | undefined;
}

const LIST_EXTENSION = ".files.json";
const recordName = /^(?:.*\/)?[0-9a-f]{64}\.json$/;
const payloadName = /^((?:.*\/)?)([0-9a-f]{64})(\.[0-9a-f]{8}\.[a-z0-9.]+)(\/.*)?$/;

/** What an object of that path is. */
export function describeObject(path: string): ArtifactObject {
  if (recordName.test(path)) return { kind: "record" };
  const [, folder = "", address, rest, inner] = payloadName.exec(path) ?? [];
  if (address === undefined) return { kind: "other" };
  const record = `${folder}${address}.json` as StorePath;
  if (inner !== undefined) return { kind: "part", record, file: `${address}${rest}.json` };
  return { kind: "payload", record, file: `${address}${rest}` };
}

/** Whether a record is as it was written. Its beginning is the checksum of what follows. */
export function isSoundRecord(record: Uint8Array): boolean {
  const head = /^\{\n {2}"checksum": "sha256:([0-9a-f]{64})/.exec(
    Buffer.from(record.subarray(0, 100)).toString("latin1"),
  );
  return head !== null && sha256Hex(record.subarray(head[0].length)) === head[1];
}

/** The payload that a record names beside itself; `undefined` where the payload is inside it. */
export function payloadNamedIn(record: Uint8Array, path: StorePath): NamedPayload | undefined {
  const text = new TextDecoder().decode(record);
  const found = /^ {2}"payload": \{\n {4}"file": "([^"]+)",\n {4}"sizeBytes": (\d+),\n {4}"digest": "([^"]+)"/m.exec(
    text,
  );
  const [, file = "", sizeBytes, digest = ""] = found ?? [];
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const object = describeObject(`${folder}${file}`);
  if (found === null || object.kind !== "payload" || object.record !== path) return undefined;
  return {
    path: `${folder}${file}` as StorePath,
    file,
    sizeBytes: Number(sizeBytes),
    digest,
    filesFolder: file.endsWith(LIST_EXTENSION) ? `${folder}${file.slice(0, -".json".length)}/` : undefined,
  };
}

/** Whether the payload of a record is inside it. */
export function isSelfContained(record: Uint8Array): boolean {
  return !/^ {2}"payload": \{\n {4}"file"/m.test(new TextDecoder().decode(record));
}
