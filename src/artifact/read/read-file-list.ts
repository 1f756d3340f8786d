import type { RecordedPayload } from "../../record/record.ts";
import type { ReadableStore, StorePath } from "../../store/store.ts";
import { digestOf } from "../../util/digest/digest.ts";
import { plainLines } from "../../util/plain-lines.ts";

/**
 * The verified bytes of a list of files, or what is wrong with it. Like a record, it may have been
 * given CR LF line ends or a byte order mark by a tool, which are left out here.
 */
export async function readFileList(
  store: ReadableStore,
  path: StorePath,
  { sizeBytes, digest }: Pick<RecordedPayload, "sizeBytes" | "digest">,
  signal?: AbortSignal,
): Promise<Uint8Array | string> {
  let problem = "";
  // What one read says is no verdict yet.
  for (let look = 0; look < 2; look++) {
    // Each line is longer by one byte at most, and the mark has three.
    const bytes = await store.read(path, { signal, range: { start: 0, end: 2 * sizeBytes + 4 } });
    const plain = bytes === undefined ? undefined : plainLines(bytes);
    if (plain?.length === sizeBytes && digestOf([plain]) === digest) return plain;
    if (bytes === undefined) problem = "is missing";
    else if (bytes.length === sizeBytes) problem = "does not match its digest";
    else problem = `has ${bytes.length} bytes instead of ${sizeBytes}`;
  }
  return problem;
}
