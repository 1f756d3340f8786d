import type { ReadableStore, StorePath } from "../../store/store.ts";
import { DIGEST_CHUNK_BYTES, digestOf } from "../../util/digest/digest.ts";
import { plainLines } from "../../util/plain-lines.ts";

const REWRITTEN =
  'has other line ends than were written, as git and editors put them into files that look like text: bring it back as it was, with "* -text" in a .gitattributes of the data directory';

/**
 * Says what is wrong with an object whose size is not the expected one. If only line ends or a byte
 * order mark make the difference, the text says so: people who use git then know what to do.
 */
export async function describeSize(
  store: ReadableStore,
  path: StorePath,
  expected: { readonly sizeBytes: number; readonly digest: string },
  foundBytes: number,
  signal?: AbortSignal,
): Promise<string> {
  const { sizeBytes, digest } = expected;
  const problem = `has ${foundBytes} bytes instead of ${sizeBytes}`;
  if (foundBytes > DIGEST_CHUNK_BYTES || sizeBytes > DIGEST_CHUNK_BYTES) return problem;
  if (foundBytes > 2 * sizeBytes + 3 || sizeBytes > 2 * foundBytes) return problem;
  const bytes = await store.read(path, { signal, range: { start: 0, end: foundBytes } });
  if (bytes === undefined) return "is missing";
  const original = foundBytes > sizeBytes ? plainLines(bytes) : withCarriageReturns(bytes);
  return digestOf([original]) === digest ? REWRITTEN : problem;
}

/** The bytes as they were before git turned CR LF into line feeds when they were committed. */
function withCarriageReturns(bytes: Uint8Array): Uint8Array {
  return Buffer.from(Buffer.from(bytes).toString("latin1").replaceAll(/\r?\n/g, "\r\n"), "latin1");
}
