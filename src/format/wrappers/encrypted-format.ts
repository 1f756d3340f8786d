import { messageOf } from "../../errors/error-kind.ts";
import { DecodeError, DecodeLimitError, NewerPayloadError, WrongKeyError } from "../../errors/format-errors.ts";
import { DefinitionError } from "../../errors/persistable-errors.ts";
import { collected } from "../../util/concurrency/collected.ts";
import { loadAge } from "../../util/peers/peers.ts";
import { asChunks } from "../encode-payload.ts";
import type { AnyFormat, DecodeLimits } from "../format.ts";
import { isOutOfResources } from "../out-of-resources.ts";
import { checkKeys, MAX_WORK_FACTOR, setIdentities, setRecipients } from "./age-keys.ts";
import type { EncryptionKeys } from "./encryption-keys.ts";

/**
 * Encrypts another format. The `age` tool decrypts the files too
 * (`age --decrypt -i key.txt payload.json.age`). Format: age-encryption.org/v1.
 *
 * **Only the payload is encrypted. The record beside it stays readable**: params, summary,
 * provenance, the size of the payload and this format's id. A value that is confidential must not
 * be a parameter. Payloads in memory are not encrypted either. The recipients are not in the
 * record, and keys are in no record, log, id or error message.
 *
 * A payload is encrypted for the recipients that are given when it is written; a recipient who is
 * added later cannot read it. Each encryption of the same payload gives other bytes. It takes about
 * three times the size of the payload in memory while the payload is written or read.
 *
 * Needs the package `age-encryption`.
 *
 * @param inner - the format whose bytes are encrypted
 * @param keys - the recipients for whom it is encrypted and the identity that decrypts it, as
 * values, or as functions that are called at each use
 * @throws {@link WrongKeyError} for a key that is given as a value and is not a key of age, and on
 * reading a payload that the keys do not open
 * @throws {@link DefinitionError} for a format of streams, files or folders
 * @throws {@link MissingPeerError} at the first use, if `age-encryption` is not installed
 *
 * @example
 * ```ts
 * import { definePersistable, json } from "persistable-ts";
 * import { encrypted } from "persistable-ts/formats/encrypted";
 *
 * definePersistable({
 *   name: "patients",
 *   generate: async () => (await fetch("https://example.com/patients")).json(),
 *   format: encrypted(json(), { recipients: ["age1…"], identity: () => process.env.AGE_IDENTITY ?? "" }),
 * });
 * ```
 */
export function encrypted<Inner extends AnyFormat>(inner: Inner, keys: EncryptionKeys): Inner {
  const id = `encrypted(${inner.id})`;
  checkKeys(id, keys);
  if ("stored" in inner && inner.stored !== undefined)
    throw new DefinitionError(
      `${id} is not possible: a payload of ${inner.id} is never in memory as a whole. Use a format whose payloads are, such as json() or bytes().`,
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
  return collected(await encrypter.encrypt(streamOf(chunks)));
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
        "Give the identity of one of its recipients, or the passphrase that it was written with; or remove() the artifact, and it is generated again, for yours.",
      );
    throw new DecodeError(id, `age says: ${message}`, { cause });
  }
}

const PIECE_BYTES = 64 * 1024;

/** A stream that hands out one piece at a time: age processes at once all that it is given. */
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

/**
 * Refuses a header that would be expensive to process: trying thousands of recipients takes
 * minutes, and a high work factor takes gigabytes of memory.
 */
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
