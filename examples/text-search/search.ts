import { definePersistable, json } from "persistable-ts";
import { z } from "zod";
import { corpus } from "./corpus.ts";
import type { SearchResult } from "./describe-passage.ts";
import { rankPassages } from "./rank-passages.ts";
import { createWordSplitter } from "./split-words.ts";
import { vectors } from "./vectors.ts";
import { vocabulary } from "./vocabulary.ts";

/** The best passages, by question. */
export type Answers = Readonly<Record<string, readonly SearchResult[]>>;

export const search = definePersistable({
  name: "search",
  params: z.object({
    questions: z.array(z.string()),
    resultCount: z.int().positive().default(3),
    /** 0: only the very words of a question count; 1: only its topic does. */
    topicShare: z.number().min(0).max(1).default(0.6),
  }),
  dependencies: { corpus, vocabulary, vectors },
  generate: async ({ params, dependencies }): Promise<Answers> => {
    const index = {
      passages: await dependencies.corpus.payload,
      vocabulary: await dependencies.vocabulary.payload,
      vectors: await dependencies.vectors.payload,
      // Questions are split as the passages were.
      splitWords: createWordSplitter(dependencies.vocabulary.dependencies.tokens.params),
    };
    return Object.fromEntries(params.questions.map((question) => [question, rankPassages(question, index, params)]));
  },
  format: json(),
});
