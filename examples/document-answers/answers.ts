import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createOpenAI } from "@ai-sdk/openai";
import { cosineSimilarity, embed, embedMany, generateText } from "ai";
import { definePersistable, json, typedParams } from "persistable-ts";
import { persistModel } from "persistable-ts/ai-sdk";
import { type FolderInput, inputPath } from "persistable-ts/inputs";

/** The models, and where they are. No model says its address, so `scope` keeps them apart. */
export interface Provider {
  readonly baseURL: string;
  readonly apiKey: string;
  readonly scope: string;
}

/** USD per million tokens, as your provider charges them. */
const PRICES = {
  "text-embedding-3-small": { input: 0.02, output: 0 },
  "gpt-4o-mini": { input: 0.15, cachedInput: 0.075, output: 0.6 },
};

/**
 * Documents become passages, passages become vectors, and the nearest passages become an answer.
 * Each call of a model is a payload of its own: a document that is new or has changed costs the
 * vectors of its new passages, and another way to rank costs the answers alone.
 */
export function defineAnswers({ baseURL, apiKey, scope }: Provider) {
  const openai = createOpenAI({ baseURL, apiKey });
  const embedder = (id: string) => persistModel(openai.embedding(id), { scope, prices: PRICES });
  const chat = (id: string) => persistModel(openai.chat(id), { scope, prices: PRICES });

  const passages = definePersistable({
    name: "passages",
    params: typedParams<{ documents: FolderInput }>(),
    format: json(),
    generate: async ({ params }) => {
      const folder = await inputPath(params.documents);
      const files = (await readdir(folder)).filter((name) => name.endsWith(".md")).sort();
      const texts = await Promise.all(files.map((name) => readFile(join(folder, name), "utf8")));
      return texts.flatMap((text, i) =>
        text.split(/\n\s*\n/).map((passage) => ({ source: files[i] ?? "", text: passage.trim() })),
      );
    },
    summarize: (all) => ({ passages: all.length }),
  });

  const index = definePersistable({
    name: "index",
    params: typedParams<{ embeddingModel: string }>(),
    dependencies: { passages },
    generate: async ({ params, dependencies, signal }) => {
      const all = await dependencies.passages.payload;
      const model = embedder(params.embeddingModel);
      const { embeddings } = await embedMany({ model, values: all.map(({ text }) => text), abortSignal: signal });
      return all.map((passage, i) => ({ ...passage, vector: embeddings[i] ?? [] }));
    },
  });

  const answer = definePersistable({
    name: "answer",
    params: typedParams<{ question: string; model: string; passageCount: number }>(),
    dependencies: { index },
    format: json(),
    generate: async ({ params, dependencies, signal }) => {
      const indexed = await dependencies.index.payload;
      const model = embedder(dependencies.index.params.embeddingModel);
      const { embedding } = await embed({ model, value: params.question, abortSignal: signal });
      const nearest = indexed
        .map(({ source, text, vector }) => ({ source, text, similarity: cosineSimilarity(vector, embedding) }))
        .sort((a, b) => b.similarity - a.similarity)
        .slice(0, params.passageCount);
      const { text } = await generateText({
        model: chat(params.model),
        system: "Answer from the passages alone. Say so if they do not have the answer.",
        prompt: [...nearest.map((passage) => `Passage: ${passage.text}`), `Question: ${params.question}`].join("\n\n"),
        abortSignal: signal,
      });
      return { text, sources: [...new Set(nearest.map(({ source }) => source))] };
    },
  });
  return { passages, index, answer };
}
