import type { Address } from "../../address/address.ts";
import type { ReadableStore } from "../../store/store.ts";
import { plainLines } from "../../util/plain-lines.ts";
import { isPayloadFileOf, recordPath } from "./artifact-paths.ts";
import { readRecordBytes } from "./read-record-bytes.ts";

/** The name of the payload file that the record at this address names, as far as it can be read; for taking its place. */
export async function readPayloadFile(
  store: ReadableStore,
  name: string,
  address: Address,
): Promise<string | undefined> {
  const bytes = await readRecordBytes(store, recordPath(name, address));
  return bytes === undefined ? undefined : findPayloadFile(bytes, address);
}

/** The same in the bytes of a record, which may be damaged. */
export function findPayloadFile(record: Uint8Array, address: Address): string | undefined {
  const file = /^ {2}"payload": \{\n {4}"file": "([^"]+)"/m.exec(new TextDecoder().decode(plainLines(record)))?.[1];
  return file !== undefined && isPayloadFileOf(file, address) ? file : undefined;
}
