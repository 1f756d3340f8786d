import { ADDRESS_SCHEME } from "../address/address-of.ts";
import { plainLines } from "../util/plain-lines.ts";
import { RECORD_VERSION, type RecordedPayload } from "./record.ts";
import { isIntact } from "./record-text.ts";

/**
 * How many bytes a payload has. For a folder, these are the bytes of all its files, not of their
 * list.
 */
export function payloadBytesOf({ sizeBytes, contents }: Pick<RecordedPayload, "sizeBytes" | "contents">): number {
  return contents?.sizeBytes ?? sizeBytes;
}

/**
 * Like {@link payloadBytesOf}, but from the bytes of a record, of which only the checksum is
 * verified: this is for sums over very many records. Returns 0 if a newer release wrote the record,
 * `undefined` if the record is damaged.
 */
export function peekPayloadBytes(record: Uint8Array): number | undefined {
  const bytes = plainLines(record);
  if (!isIntact(bytes)) return undefined;
  try {
    const fields: { readonly record?: unknown; readonly scheme?: unknown; readonly payload: RecordedPayload } =
      JSON.parse(new TextDecoder().decode(bytes));
    if (fields.record !== RECORD_VERSION || fields.scheme !== ADDRESS_SCHEME) return 0;
    const sizeBytes: unknown = payloadBytesOf(fields.payload);
    return typeof sizeBytes === "number" && sizeBytes >= 0 ? sizeBytes : 0;
  } catch {
    return 0;
  }
}
