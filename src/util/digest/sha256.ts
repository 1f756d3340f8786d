type Crypto = typeof import("node:crypto");
type Hash = (algorithm: string, data: Uint8Array | string, encoding: "hex") => string;

let hash: Hash | undefined;

/**
 * Returns the sha256 in lower-case hexadecimal; text is encoded as UTF-8. `crypto.hash` is looked
 * up at the first call, so that this module also loads in runtimes without it.
 *
 * @throws an Error outside Node.
 */
export function sha256Hex(data: Uint8Array | string): string {
  hash ??= findHash();
  return hash("sha256", data, "hex");
}

/** Computes the sha256 of bytes that come in pieces. */
export interface Sha256 {
  update(data: Uint8Array): unknown;
  /** Returns the sha256 of all pieces; no piece can follow. */
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
