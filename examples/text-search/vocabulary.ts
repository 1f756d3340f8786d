import { definePersistable } from "persistable-ts";
import { z } from "zod";
import { chooseTerms } from "./choose-terms.ts";
import { tokens } from "./tokens.ts";

/** The words that tell passages apart. */
export const vocabulary = definePersistable({
  name: "vocabulary",
  params: z.object({
    /** Leaves out words of fewer passages, such as slips and names. */
    minDocumentFrequency: z.int().positive().default(2),
    /** Leaves out words that stand in more than this share of the passages, such as `the`. */
    maxDocumentShare: z.number().positive().max(1).default(0.25),
  }),
  dependencies: { tokens },
  generate: async ({ params, dependencies }) => chooseTerms(await dependencies.tokens.payload, params),
  memory: "shared",
});
