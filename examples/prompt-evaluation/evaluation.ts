import { createOpenAI } from "@ai-sdk/openai";
import { generateText } from "ai";
import { definePersistable, type PersistableOptions, typedParams } from "persistable-ts";
import { persistModel } from "persistable-ts/ai-sdk";
import { sweep } from "persistable-ts/pipeline";

const QUESTIONS = [
  { country: "France", capital: "Paris" },
  { country: "Japan", capital: "Tokyo" },
  { country: "Peru", capital: "Lima" },
  { country: "Kenya", capital: "Nairobi" },
];

/** USD per million tokens. */
const PRICES = { "small-model": { input: 0.15, output: 0.6 }, "large-model": { input: 2.5, output: 10 } };

/**
 * How many questions each model answers with each prompt, in three independent trials. A model call
 * is a payload of its own: with another way of counting, no call is paid for again. Inside of this
 * generator, a call takes over its draw, and adds its cost to it.
 */
export function promptStudy(baseURL: string, options: PersistableOptions) {
  const provider = createOpenAI({ baseURL, apiKey: "not needed on this machine" });
  const score = definePersistable({
    name: "prompt_score",
    params: typedParams<{ modelId: string; prompt: string; temperature: number }>(),
    generate: async ({ params: { modelId, prompt, temperature }, signal }) => {
      const model = persistModel(provider.chat(modelId), { prices: PRICES });
      let right = 0;
      for (const { country, capital } of QUESTIONS) {
        const { text } = await generateText({
          model,
          temperature,
          prompt: `${prompt} What is the capital of ${country}?`,
          abortSignal: signal,
        });
        if (text.includes(capital)) right += 1;
      }
      return { right, of: QUESTIONS.length };
    },
    summarize: ({ right, of }) => ({ share: right / of }),
  });
  const prompts = ["Answer the question.", "Answer in one word."];
  const grid = { modelId: ["small-model", "large-model"], prompt: prompts, temperature: 0.7 };
  return sweep(score, grid, { ...options, draws: 3 });
}
