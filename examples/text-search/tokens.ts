import { definePersistable } from "persistable-ts";
import { z } from "zod";
import { corpus } from "./corpus.ts";
import { encodeWords } from "./encode-words.ts";
import { createWordSplitter } from "./split-words.ts";

/** The words of every passage, as numbers. */
export const tokens = definePersistable({
  name: "tokens",
  params: z.object({
    /** Cut words down to their stems, so that `distributing` finds `distribution`. */
    stemming: z.boolean().default(true),
  }),
  dependencies: { corpus },
  generate: async ({ params, dependencies }) => {
    const passages = await dependencies.corpus.payload;
    const texts = passages.map(({ text }) => text);
    return encodeWords(texts, createWordSplitter(params));
  },
  // These are big arrays that no caller changes, so all callers can share one copy.
  memory: "shared",
});
