/**
 * The report of one benchmark; every file here that is a benchmark exports `benchmark():
 * Promise<BenchmarkReport>`.
 */
export interface BenchmarkReport {
  readonly name: string;
  readonly rows: readonly BenchmarkRow[];
  /**
   * Facts that a reader needs to judge the figures: a peer that is not installed, a case that was
   * left out.
   */
  readonly notes?: readonly string[];
}

/**
 * One case against at most one peer. All figures are medians of rounds in which both took turns.
 */
export interface BenchmarkRow {
  readonly case: string;
  readonly ours: number;
  /** The unit of both figures: `us`, `ms`, `s`, `MB/s`, `x payload`. */
  readonly unit: string;
  readonly peer?: string;
  readonly peerValue?: number;
  /** Ours divided by the peer's: below 1, ours is less. */
  readonly ratio?: number;
  /** Ours as the tenth percentile of the rounds, and as CPU time of the whole process. */
  readonly low?: number;
  readonly cpu?: number;
  /** Both divided by the peer's. On a busy machine, they can be trusted more than the median. */
  readonly lowRatio?: number;
  readonly cpuRatio?: number;
  /** The highest ratio that is acceptable; without a ratio, the highest figure of our own. */
  readonly goal?: number;
}
