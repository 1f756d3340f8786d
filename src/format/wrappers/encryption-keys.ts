/** A key, or a function that fetches it each time that it is needed, from an environment variable or a vault. */
export type KeySource<Key> = Key | (() => Key | Promise<Key>);

/** Key pairs, as `age-keygen` makes them. */
export interface AgeKeys {
  /** Who can read it: `age1…`, one or several, one a line. The owner of `identity` by default. */
  readonly recipients?: KeySource<string | readonly string[]> | undefined;
  /** What reads it: `AGE-SECRET-KEY-1…`, one or several, or the text of a file of `age-keygen`. May be left out where nothing is read. */
  readonly identity?: KeySource<string | readonly string[]> | undefined;
  readonly passphrase?: undefined;
}

/** One passphrase for writing and reading, which takes about a second and 256 MB each time: key pairs are quicker. */
export interface AgePassphrase {
  readonly passphrase: KeySource<string>;
  /** How much work it is to try a passphrase, as a power of 2: from 10 to 18, the default, which age also has. */
  readonly workFactor?: number | undefined;
  readonly recipients?: undefined;
  readonly identity?: undefined;
}

export type EncryptionKeys = AgeKeys | AgePassphrase;
