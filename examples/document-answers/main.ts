import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { folderParam } from "persistable-ts/inputs";
import { defineAnswers } from "./answers.ts";
import { startStandIn } from "./stand-in.ts";

// main.ts [--data-dir folder] [--documents folder] [question…]
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    "data-dir": { type: "string", default: "example-data" },
    documents: { type: "string", default: fileURLToPath(new URL("documents", import.meta.url)) },
  },
});
const questions = positionals.length > 0 ? positionals : ["How long does honey keep?", "Why does snow look blue?"];

await using standIn = await startStandIn();
const apiKey = process.env.OPENAI_API_KEY;
const { answer } = defineAnswers(
  apiKey === undefined
    ? { baseURL: standIn.url, apiKey: "not needed on this machine", scope: "stand-in" }
    : { baseURL: process.env.OPENAI_BASE_URL ?? "https://api.openai.com/v1", apiKey, scope: "openai" },
);
const documents = await folderParam(values.documents, { include: ["*.md"] });
const index = { embeddingModel: "text-embedding-3-small", passages: { documents } };
for (const question of questions) {
  const params = { question, model: "gpt-4o-mini", passageCount: 2, index };
  const { text, sources } = await answer(params, { dataDir: values["data-dir"] }).payload;
  console.log(`${question}\n  ${text} (${sources.join(", ")})`);
}
const { embedded, answered } = standIn.asked;
console.log(`The stand-in embedded ${embedded} texts, and answered ${answered} questions.`);
