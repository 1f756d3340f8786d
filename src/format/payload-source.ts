/** The bytes of a payload where they lie, to be read in parts. Whatever it hands out was verified. */
export interface PayloadSource {
  readonly sizeBytes: number;
  /** Bytes `start` up to, not including, `end`; fewer where they end earlier. Rejects with a {@link CorruptArtifactError} where what is stored is not what was written. */
  read(start: number, end: number): Promise<Uint8Array>;
  /** All of them, piece by piece, at the reader's pace. */
  stream(): AsyncIterable<Uint8Array>;
  /** The absolute path of a file on this machine that holds them, all verified: where the store is a folder the payload's own file, else a copy that goes when the process exits. */
  localFile(): Promise<string>;
}
