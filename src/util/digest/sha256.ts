type Crypto = typeof import("node:crypto");
type Hash = (algorithm: string, data: Uint8Array | string, encoding: "hex") => string;

let hash: Hash | undefined;

/**
 * sha256 in lower-case hexadecimal; text as UTF-8. Uses Node's one-shot `crypto.hash`, asked for at the first call, so that this module
 * also loads where there is none.
 *
 * @throws an Error outside Node.
 */
export function sha256Hex(data: Uint8Array | string): string {
  hash ??= findHash();
  return hash("sha256", data, "hex");
}

/** A sha256 of bytes that come in pieces. */
export interface Sha256 {
  update(data: Uint8Array): unknown;
  /** Of all of them; nothing can follow. */
  digest(): Uint8Array;
}

/** @throws an Error outside Node. */
export function createSha256(): Sha256 {
  return findCrypto().createHash("sha256");
}

function findHash(): Hash {
  return findCrypto().hash as Hash;
}

function findCrypto(): Crypto {
  const crypto = globalThis.process?.getBuiltinModule?.("node:crypto");
  if (crypto === undefined)
    throw new Error("Addresses and digests are computed by Node's crypto.hash, which this runtime does not offer.");
  return crypto;
}
