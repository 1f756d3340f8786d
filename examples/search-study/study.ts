import type { PersistableOptions } from "persistable-ts";
import { sweep } from "persistable-ts/pipeline";
import { evaluation } from "./evaluation.ts";

/** How big the study is; with small numbers one can try things out. */
export interface StudySettings {
  readonly licenseCount?: number | undefined;
  readonly topicCounts?: readonly number[] | undefined;
  readonly topicShares?: readonly number[] | undefined;
}

/**
 * Every combination of stemming, weighting, number of topics and share of the topics in a score.
 * What does not depend on a parameter is generated once: one corpus, two tokenizations, a set of
 * vectors for each weighting and number of topics.
 */
export function searchStudy(settings: StudySettings, options: PersistableOptions) {
  const { licenseCount, topicCounts = [25, 50, 100, 200], topicShares = [0, 0.2, 0.4, 0.6, 0.8, 1] } = settings;
  const passages = licenseCount === undefined ? {} : { licenseCount };
  const words = { stemming: [true, false], corpus: passages };
  return sweep(
    evaluation,
    {
      topicShare: [...topicShares],
      corpus: passages,
      vocabulary: { tokens: words },
      vectors: {
        weighting: ["bm25", "tf-idf"],
        topicCount: [...topicCounts],
        tokens: words,
        vocabulary: { tokens: words },
      },
    },
    // The vectors and the vocabulary of an evaluation must come from the same words.
    {
      ...options,
      zip: [["vocabulary.tokens.stemming", "vectors.tokens.stemming", "vectors.vocabulary.tokens.stemming"]],
    },
  );
}
