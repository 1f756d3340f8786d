import { definePersistable, json } from "persistable-ts";
import { z } from "zod";
import { corpus } from "../text-search/corpus.ts";
import { scorePassages, termsOf } from "../text-search/rank-passages.ts";
import { createWordSplitter } from "../text-search/split-words.ts";
import { vectors } from "../text-search/vectors.ts";
import { vocabulary } from "../text-search/vocabulary.ts";
import { JUDGMENTS_VERSION, judgments } from "./judgments.ts";
import { meanQuality, measureRanking, type RankingQuality } from "./measure-ranking.ts";

/** How well the search finds what was judged to be an answer, question by question. */
export const evaluation = definePersistable({
  name: "evaluation",
  params: z.object({
    /**
     * The same share as in the search: 0 compares only the words of a question, 1 only its topic.
     */
    topicShare: z.number().min(0).max(1),
    judgmentsVersion: z.int().default(JUDGMENTS_VERSION),
  }),
  dependencies: { corpus, vocabulary, vectors },
  generate: async ({ params, dependencies, progress }): Promise<Readonly<Record<string, RankingQuality>>> => {
    const passages = await dependencies.corpus.payload;
    const index = {
      vocabulary: await dependencies.vocabulary.payload,
      vectors: await dependencies.vectors.payload,
      splitWords: createWordSplitter(dependencies.vocabulary.dependencies.tokens.params),
    };
    const qualities: Record<string, RankingQuality> = {};
    for (const [number, { question, answer }] of judgments.entries()) {
      const scores = scorePassages(termsOf(question, index), index, params.topicShare);
      const ranking = Uint32Array.from(scores.keys()).sort((a, b) => (scores[b] as number) - (scores[a] as number));
      qualities[question] = measureRanking(
        ranking,
        passages.map(({ text }) => answer.test(text)),
      );
      progress(number + 1, judgments.length);
    }
    return qualities;
  },
  // Ranking is pure computation, so worker threads let several evaluations run at the same time.
  worker: true,
  // A table of many evaluations needs the means alone, and reads them from the records.
  summarize: (qualities) => ({ ...meanQuality(Object.values(qualities)) }),
  format: json(),
});
