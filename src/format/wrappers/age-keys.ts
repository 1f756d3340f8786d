import type { Decrypter, Encrypter } from "age-encryption";
import { WrongKeyError } from "../../errors/format-errors.ts";
import type { AgeKeys, EncryptionKeys, KeySource } from "./encryption-keys.ts";

type Age = typeof import("age-encryption");

/**
 * The highest work factor, which is also the default, as it is for age. With it, deriving the key
 * takes about a second and 256 MB; each step up would double both.
 */
export const MAX_WORK_FACTOR = 18;
const MIN_WORK_FACTOR = 10;
/** With at most this many recipients, of any kind, a header is small enough to be read. */
const MAX_RECIPIENTS = 100;

/**
 * Checks the keys that are given as values, so that a wrong one throws here and not after hours of
 * generating.
 *
 * @throws {@link WrongKeyError}, RangeError for a work factor outside of its range
 */
export function checkKeys(format: string, keys: EncryptionKeys): void {
  if (keys.passphrase !== undefined) {
    workFactorOf(keys);
    if (typeof keys.passphrase !== "function") parsePassphrase(format, keys.passphrase);
    return;
  }
  const { recipients, identity } = keys;
  if (recipients === undefined && identity === undefined)
    throw new WrongKeyError(format, "no key was given", "Give recipients and an identity, or a passphrase.");
  if (recipients !== undefined && typeof recipients !== "function") parseRecipients(format, recipients);
  if (identity !== undefined && typeof identity !== "function") parseIdentities(format, identity);
}

/** Tells an encrypter for whom it encrypts. */
export async function setRecipients(
  format: string,
  age: Age,
  encrypter: Encrypter,
  keys: EncryptionKeys,
): Promise<void> {
  if (keys.passphrase !== undefined) {
    encrypter.setScryptWorkFactor(workFactorOf(keys));
    encrypter.setPassphrase(parsePassphrase(format, await fetchKey(keys.passphrase)));
    return;
  }
  for (const recipient of await recipientsOf(format, age, keys))
    await withoutSecrets(format, "a recipient is damaged", () => encrypter.addRecipient(recipient));
}

/** Tells a decrypter with which keys it decrypts. */
export async function setIdentities(format: string, decrypter: Decrypter, keys: EncryptionKeys): Promise<void> {
  if (keys.passphrase !== undefined) {
    decrypter.addPassphrase(parsePassphrase(format, await fetchKey(keys.passphrase)));
    return;
  }
  if (keys.identity === undefined)
    throw new WrongKeyError(
      format,
      "no identity was given, only recipients",
      "Give an identity where payloads are read.",
    );
  for (const identity of parseIdentities(format, await fetchKey(keys.identity)))
    await withoutSecrets(format, "an identity is damaged", () => decrypter.addIdentity(identity));
}

function workFactorOf({ workFactor = MAX_WORK_FACTOR }: { readonly workFactor?: number | undefined }): number {
  if (Number.isInteger(workFactor) && workFactor >= MIN_WORK_FACTOR && workFactor <= MAX_WORK_FACTOR) return workFactor;
  throw new RangeError(`workFactor is ${workFactor}, and must be ${MIN_WORK_FACTOR} to ${MAX_WORK_FACTOR}.`);
}

async function recipientsOf(format: string, age: Age, { recipients, identity }: AgeKeys): Promise<readonly string[]> {
  if (recipients !== undefined) return parseRecipients(format, await fetchKey(recipients));
  const identities = identity === undefined ? [] : parseIdentities(format, await fetchKey(identity));
  return Promise.all(
    identities.map((one) => withoutSecrets(format, "an identity is damaged", () => age.identityToRecipient(one))),
  );
}

function fetchKey<Key extends string | readonly string[]>(source: KeySource<Key>): Key | Promise<Key> {
  return typeof source === "function" ? source() : source;
}

function parsePassphrase(format: string, passphrase: unknown): string {
  if (typeof passphrase === "string" && passphrase !== "") return passphrase;
  throw new WrongKeyError(format, "the passphrase is not a text, or is empty", "Give a text.");
}

function parseRecipients(format: string, given: unknown): readonly string[] {
  const recipients = linesOf(given);
  if (recipients.length > 0 && recipients.length <= MAX_RECIPIENTS && recipients.every((one) => one.startsWith("age1")))
    return recipients;
  if (recipients.length > MAX_RECIPIENTS)
    throw new WrongKeyError(format, `there are more than ${MAX_RECIPIENTS} recipients`, "Encrypt for fewer.");
  throw new WrongKeyError(format, "a recipient is missing, or does not begin with age1", "Give the public keys.");
}

function parseIdentities(format: string, given: unknown): readonly string[] {
  const identities = linesOf(given);
  if (identities.length > 0 && identities.every((one) => one.startsWith("AGE-SECRET-KEY-"))) return identities;
  throw new WrongKeyError(
    format,
    "the identity is missing, or does not begin with AGE-SECRET-KEY-",
    "Give the secret key that age-keygen made.",
  );
}

/** Splits keys into lines. A file of keys has one per line, and also comments and empty lines. */
function linesOf(given: unknown): readonly string[] {
  const texts: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (!texts.every((text) => typeof text === "string")) return [];
  return texts
    .flatMap((text) => text.split("\n"))
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** Replaces the errors of the age library: their messages contain the key. */
async function withoutSecrets<Result>(
  format: string,
  problem: string,
  use: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await use();
  } catch {
    throw new WrongKeyError(format, problem, "Give it as age-keygen wrote it, whole.");
  }
}
