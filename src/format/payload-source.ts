/** The bytes of a payload where they lie, to be read in parts. Whatever it hands out was verified. */
export interface PayloadSource {
  readonly sizeBytes: number;
  /** Bytes `start` up to, not including, `end`. Rejects with a {@link DamagedPayloadError} where what is stored is not what was written. */
  read(start: number, end: number): Promise<Uint8Array>;
  /** All of them, piece by piece, at the reader's pace. */
  stream(): AsyncIterable<Uint8Array>;
}
