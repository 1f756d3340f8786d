import type { PersistableOptions } from "persistable-ts";
import { sweep } from "persistable-ts/pipeline";
import { corpus } from "../text-search/corpus.ts";
import { tokens } from "../text-search/tokens.ts";
import { vocabulary } from "../text-search/vocabulary.ts";
import { evaluation } from "./evaluation.ts";

/** How big the study is; with small numbers one can try things out. */
export interface StudySettings {
  readonly licenseCount?: number | undefined;
  readonly topicCounts?: readonly number[] | undefined;
  readonly topicShares?: readonly number[] | undefined;
}

/**
 * Every combination of stemming, weighting, number of topics and share of the topics in a score. What does not depend on a parameter is generated once: one corpus, two
 * tokenizations, a set of vectors for each weighting and number of topics.
 */
export function searchStudy(settings: StudySettings, options: PersistableOptions) {
  const { licenseCount, topicCounts = [25, 50, 100, 200], topicShares = [0, 0.2, 0.4, 0.6, 0.8, 1] } = settings;
  const passages = corpus({ licenseCount }, options);
  const vocabularies = [true, false].map((stemming) =>
    vocabulary({ tokens: tokens({ stemming, corpus: passages }, options) }, options),
  );
  return vocabularies.map((words) =>
    sweep(
      evaluation,
      {
        topicShare: [...topicShares],
        corpus: passages,
        vocabulary: words,
        vectors: {
          weighting: ["bm25", "tf-idf"],
          topicCount: [...topicCounts],
          tokens: words.dependencies.tokens,
          vocabulary: words,
        },
      },
      options,
    ),
  );
}
