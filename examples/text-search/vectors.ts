import { definePersistable } from "persistable-ts";
import { z } from "zod";
import { findTopics } from "./find-topics.ts";
import { projectDocuments } from "./project-documents.ts";
import type { DocumentVectors } from "./rank-passages.ts";
import { normalizeRows, roundToSingle } from "./sparse-matrix.ts";
import { tokens } from "./tokens.ts";
import { vocabulary } from "./vocabulary.ts";
import { weighTerms } from "./weigh-terms.ts";

/**
 * The subject of each passage: how much each term says about it, and its position among the topics.
 */
export const vectors = definePersistable({
  name: "vectors",
  params: z.object({
    weighting: z.enum(["bm25", "tf-idf"]).default("bm25"),
    topicCount: z.int().positive().default(200),
    iterations: z.int().positive().default(5),
    randomState: z.int().nonnegative().default(10),
  }),
  dependencies: { tokens, vocabulary },
  generate: async ({ params, dependencies }): Promise<DocumentVectors> => {
    const documents = await dependencies.tokens.payload;
    const weights = weighTerms(documents, await dependencies.vocabulary.payload, params.weighting);
    const normalized = normalizeRows(weights);
    const topics = findTopics(normalized, params);
    const documentTopics = projectDocuments(normalized, topics);
    return { weights, topics: roundToSingle(topics), documentTopics: roundToSingle(documentTopics) };
  },
  memory: "shared",
});
