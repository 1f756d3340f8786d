/** A key, or a function that fetches it at each use, from an environment variable or a vault. */
export type KeySource<Key> = Key | (() => Key | Promise<Key>);

/** Key pairs that `age-keygen` made. */
export interface AgeKeys {
  /**
   * The public keys for which payloads are encrypted: `age1…`, one or several, one per line. By
   * default the one that belongs to `identity`.
   */
  readonly recipients?: KeySource<string | readonly string[]> | undefined;
  /**
   * The secret key that decrypts: `AGE-SECRET-KEY-1…`, one or several, or the text of a file of
   * `age-keygen`. Programs that only write can leave it out.
   */
  readonly identity?: KeySource<string | readonly string[]> | undefined;
  readonly passphrase?: undefined;
}

/**
 * One passphrase for writing and reading. Each use takes about a second and 256 MB: key pairs are
 * quicker.
 */
export interface AgePassphrase {
  readonly passphrase: KeySource<string>;
  /**
   * How much work it is to try a passphrase, as a power of 2: from 10 to 18. Default 18, as in age.
   */
  readonly workFactor?: number | undefined;
  readonly recipients?: undefined;
  readonly identity?: undefined;
}

/** The keys that encrypt and decrypt payloads: key pairs, or one passphrase. */
export type EncryptionKeys = AgeKeys | AgePassphrase;
