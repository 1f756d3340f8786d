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

function findHash(): Hash {
  const crypto = globalThis.process?.getBuiltinModule?.("node:crypto");
  if (crypto === undefined)
    throw new Error("Addresses and digests are computed by Node's crypto.hash, which this runtime does not offer.");
  return crypto.hash as Hash;
}
