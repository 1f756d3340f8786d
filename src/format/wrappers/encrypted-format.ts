import { messageOf } from "../../errors/error-kind.ts";
import { DecodeError, DecodeLimitError, NewerPayloadError, WrongKeyError } from "../../errors/format-errors.ts";
import { DefinitionError } from "../../errors/persistable-errors.ts";
import { loadAge } from "../../util/peers/peers.ts";
import { asChunks } from "../encode-payload.ts";
import type { AnyFormat, DecodeLimits } from "../format.ts";
import { isOutOfResources } from "../out-of-resources.ts";
import { checkKeys, MAX_WORK_FACTOR, setIdentities, setRecipients } from "./age-keys.ts";
import type { EncryptionKeys } from "./encryption-keys.ts";

/**
 * Another format, encrypted: files that the `age` tool reads, too (`age --decrypt -i key.txt payload.json.age`). Format: age-encryption.org/v1.
 *
 * **Only the payload is encrypted. The record beside it stays readable**: params, summary, provenance, the size of the payload and this format's id. What nobody should
 * read must not be a parameter. Nor are payloads in memory encrypted. The recipients are not in the record, and keys are in no record, log, id or error message.
 *
 * A payload is encrypted for all recipients that are given when it is written; those who are added later do not read earlier ones. Each time, the same payload gives
 * other bytes. In memory it takes about three times its size while it is written or read.
 *
 * Needs the package `age-encryption`.
 *
 * @param inner what the payload is written in
 * @param keys whom it is encrypted for and what decrypts it, as values, or as functions that are called when needed
 * @throws {@link WrongKeyError} where a key that is given as a value is none of age; and when a payload is read that it does not open
 * @throws {@link DefinitionError} for a format of streams, files or folders
 * @throws {@link MissingPeerError} when it is first used and `age-encryption` is not installed
 *
 * @example
 * ```ts
 * definePersistable({
 *   name: "patients",
 *   generate: fetchPatients,
 *   format: encrypted(json(), { recipients: ["age1…"], identity: () => process.env.AGE_IDENTITY ?? "" }),
 * });
 * ```
 */
export function encrypted<Inner extends AnyFormat>(inner: Inner, keys: EncryptionKeys): Inner {
  const id = `encrypted(${inner.id})`;
  checkKeys(id, keys);
  if ("stored" in inner && inner.stored !== undefined)
    throw new DefinitionError(
      `${id} cannot be: a payload of ${inner.id} is never in memory as a whole. Use a format of what is, such as json() or bytes().`,
    );
  const outer: AnyFormat = {
    id,
    extension: `${inner.extension}.age`,
    inline: "base64",
    check: (payload) => inner.check(payload),
    encode: async (payload) => encrypt(id, keys, asChunks(inner.id, await inner.encode(payload))),
    decode: async (bytes, limits) => inner.decode(await decrypt(id, keys, bytes, limits), limits),
  };
  return outer as Inner;
}

async function encrypt(
  id: string,
  keys: EncryptionKeys,
  chunks: readonly Uint8Array[],
): Promise<readonly Uint8Array[]> {
  const age = await loadAge();
  const encrypter = new age.Encrypter();
  await setRecipients(id, age, encrypter, keys);
  const written: Uint8Array[] = [];
  for await (const chunk of await encrypter.encrypt(streamOf(chunks))) written.push(chunk);
  return written;
}

async function decrypt(id: string, keys: EncryptionKeys, bytes: Uint8Array, limits: DecodeLimits): Promise<Uint8Array> {
  if (bytes.length > limits.maxBytes) throw new DecodeLimitError(id, "maxBytes", limits.maxBytes);
  checkHeader(id, keys, bytes);
  const age = await loadAge();
  const decrypter = new age.Decrypter();
  await setIdentities(id, decrypter, keys);
  try {
    const stream = await decrypter.decrypt(streamOf([bytes]));
    const payload = new Uint8Array(stream.size(bytes.length));
    let length = 0;
    for await (const chunk of stream) {
      payload.set(chunk, length);
      length += chunk.length;
    }
    if (length !== payload.length) throw new DecodeError(id, "they are cut off");
    return payload;
  } catch (cause) {
    if (cause instanceof DecodeError || isOutOfResources(cause)) throw cause;
    const message = messageOf(cause);
    if (message.includes("no identity matched"))
      throw new WrongKeyError(
        id,
        "none of them opens this payload, which was encrypted for others",
        "Give the identity of one of its recipients, or the passphrase that it was written with; or remove() the artifact, and it is generated anew for yours.",
      );
    throw new DecodeError(id, `age says: ${message}`, { cause });
  }
}

const PIECE_BYTES = 64 * 1024;

/** Piece by piece, as it is asked for: the library would process whatever it is given at once. */
function streamOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  let index = 0;
  let at = 0;
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        let chunk = chunks[index];
        while (chunk !== undefined && at >= chunk.length) {
          index += 1;
          at = 0;
          chunk = chunks[index];
        }
        if (chunk === undefined) return controller.close();
        controller.enqueue(chunk.subarray(at, at + PIECE_BYTES));
        at += PIECE_BYTES;
      },
    },
    { highWaterMark: 0 },
  );
}

const MAX_HEADER_BYTES = 256 * 1024;

/** A header of thousands of recipients takes minutes to try, and a great work factor takes gigabytes. */
function checkHeader(id: string, keys: EncryptionKeys, bytes: Uint8Array): void {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, MAX_HEADER_BYTES));
  const [, version] = /^age-encryption\.org\/v([1-9]\d{0,3})\n/.exec(head) ?? [];
  if (Number(version) > 1) throw NewerPayloadError.ofRelease(id, `in version ${version} of age`);
  if (version === undefined) throw new DecodeError(id, "they do not begin as an age file");
  const end = head.indexOf("\n---");
  if (end < 0) throw new DecodeError(id, `their header does not end within ${MAX_HEADER_BYTES} bytes`);
  const [, factor] = /^-> scrypt [^ \n]* (\d+)$/m.exec(head.slice(0, end)) ?? [];
  if (factor === undefined || keys.passphrase === undefined) return;
  if (Number(factor) > MAX_WORK_FACTOR)
    throw new DecodeError(id, `their work factor is ${factor}, and at most ${MAX_WORK_FACTOR} is read`);
}
