import type { RecordedPayload } from "../../record/record.ts";
import type { ReadableStore, StorePath } from "../../store/store.ts";
import { digestOf } from "../../util/digest/digest.ts";
import { plainLines } from "../../util/plain-lines.ts";

/**
 * Reads and verifies a list of files. Like a record, the list may have been given CR LF line ends
 * or a byte order mark by a tool; these are taken out again.
 *
 * @returns the bytes, or what is wrong with them
 */
export async function readFileList(
  store: ReadableStore,
  path: StorePath,
  { sizeBytes, digest }: Pick<RecordedPayload, "sizeBytes" | "digest">,
  signal?: AbortSignal,
): Promise<Uint8Array | string> {
  let problem = "";
  // One failed read does not prove damage: a bit may have changed on its way.
  for (let look = 0; look < 2; look++) {
    // CR LF adds at most one byte to each line, and the byte order mark has three.
    const bytes = await store.read(path, { signal, range: { start: 0, end: 2 * sizeBytes + 4 } });
    const plain = bytes === undefined ? undefined : plainLines(bytes);
    if (plain?.length === sizeBytes && digestOf([plain]) === digest) return plain;
    if (bytes === undefined) problem = "is missing";
    else if (bytes.length === sizeBytes) problem = "does not match its digest";
    else problem = `has ${bytes.length} bytes instead of ${sizeBytes}`;
  }
  return problem;
}
