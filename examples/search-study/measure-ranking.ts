/** How good one ranking is; each number from 0 to 1. */
export interface RankingQuality {
  /**
   * 1 / the rank of the first answer; 0 where there is none. Its mean over questions is the mean
   * reciprocal rank.
   */
  readonly reciprocalRank: number;
  /** How near the first ten are to the best possible ten, where earlier ones count for more. */
  readonly ndcg10: number;
  /** The share of all answers that is among the first ten. */
  readonly recall10: number;
}

const TOP = 10;

/**
 * The usual measures of a ranking whose documents are answers or not. Discounted gain as in
 * Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20(4),
 * 2002: an answer at rank r gains 1 / log2(r + 1).
 *
 * @param ranking - documents, the best first
 * @param isAnswer - for each document
 */
export function measureRanking(ranking: ArrayLike<number>, isAnswer: ArrayLike<boolean>): RankingQuality {
  let answers = 0;
  for (let document = 0; document < isAnswer.length; document++) if (isAnswer[document]) answers += 1;
  let first = 0;
  let found = 0;
  let gain = 0;
  let bestGain = 0;
  for (let rank = 1; rank <= ranking.length && (rank <= TOP || first === 0); rank++) {
    if (rank <= Math.min(TOP, answers)) bestGain += 1 / Math.log2(rank + 1);
    if (!isAnswer[ranking[rank - 1] as number]) continue;
    if (first === 0) first = rank;
    if (rank > TOP) continue;
    found += 1;
    gain += 1 / Math.log2(rank + 1);
  }
  return {
    reciprocalRank: first === 0 ? 0 : 1 / first,
    ndcg10: bestGain === 0 ? 0 : gain / bestGain,
    recall10: answers === 0 ? 0 : found / answers,
  };
}

/** The mean of each measure. */
export function meanQuality(all: readonly RankingQuality[]): RankingQuality {
  const mean = (measure: keyof RankingQuality): number =>
    all.reduce((sum, quality) => sum + quality[measure], 0) / Math.max(1, all.length);
  return { reciprocalRank: mean("reciprocalRank"), ndcg10: mean("ndcg10"), recall10: mean("recall10") };
}
