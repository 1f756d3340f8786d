/** How hard to compress. Each compression has its own scale. */
export interface CompressionOptions {
  /** gzip 0 to 9 (6 by default), brotli 0 to 11 (5 by default), zstd 1 to 22 (3 by default). */
  readonly level?: number;
}

const SCALES = {
  gzip: { lowest: 0, highest: 9, usual: 6 },
  brotli: { lowest: 0, highest: 11, usual: 5 },
  zstd: { lowest: 1, highest: 22, usual: 3 },
} as const;

/** @throws RangeError if the level is outside of the compression's scale. */
export function parseLevel(compression: keyof typeof SCALES, { level }: CompressionOptions): number {
  const { lowest, highest, usual } = SCALES[compression];
  if (level === undefined) return usual;
  if (Number.isInteger(level) && level >= lowest && level <= highest) return level;
  throw new RangeError(`${compression} has levels from ${lowest} to ${highest}, not ${level}.`);
}
