import { createDigestCollector, DIGEST_CHUNK_BYTES, digestOf } from "../../util/digest/digest.ts";
import { describeSize } from "./describe-size.ts";
import { SYNC_BYTES } from "./read-outcome.ts";
import type { StoredObject } from "./stored-source.ts";

/** Returns the bytes of an object, or a text that says what is wrong with them. */
export async function readVerified(
  { store, path, sizeBytes, digest }: StoredObject,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | string> {
  const collector = sizeBytes > DIGEST_CHUNK_BYTES ? createDigestCollector(sizeBytes) : undefined;
  const small = sizeBytes <= SYNC_BYTES ? store.sync?.readShared(path, SYNC_BYTES) : undefined;
  // A synchronous read may give fewer bytes than the object has. If the digest is right, so are the
  // bytes; if not, only the thorough read below may report damage.
  if (small instanceof Uint8Array && small.length === sizeBytes && digestOf([small]) === digest)
    return new Uint8Array(small);
  const size = await store.stat(path, { signal });
  if (size !== undefined && size.sizeBytes !== sizeBytes)
    return describeSize(store, path, { sizeBytes, digest }, size.sizeBytes, signal);
  const bytes = await store.read(path, { signal, maxBytes: sizeBytes, onChunk: collector?.onChunk });
  if (bytes === undefined) return "is missing";
  if (bytes.length !== sizeBytes) return `has ${bytes.length} bytes instead of ${sizeBytes}`;
  if ((collector?.digest() ?? digestOf([bytes])) !== digest) return "does not match its digest";
  return bytes;
}
