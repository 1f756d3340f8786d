/**
 * The bytes of a payload in its store, which can be read in parts. All bytes that it returns were
 * verified.
 */
export interface PayloadSource {
  readonly sizeBytes: number;
  /**
   * Reads the bytes from `start` to before `end`, or fewer if the payload ends earlier. Rejects
   * with a {@link CorruptArtifactError} if the stored bytes are not those that were written.
   */
  read(start: number, end: number): Promise<Uint8Array>;
  /** Reads all bytes, piece by piece, at the reader's pace. */
  stream(): AsyncIterable<Uint8Array>;
  /**
   * Returns the absolute path of a file on this machine that holds all bytes, verified. If the
   * store is a folder, that is the payload's own file, else a copy that is removed when the process
   * exits.
   */
  localFile(): Promise<string>;
}
