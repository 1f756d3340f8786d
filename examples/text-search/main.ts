import { parseArgs } from "node:util";
import { createReport } from "./report.ts";
import { textSearch } from "./text-search.ts";

// Answers questions, and reports what had to be generated for that:
// main.js [--data-dir folder] [--min-document-frequency 3] [--license-count 50] question…
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    "data-dir": { type: "string", default: "example-data" },
    "min-document-frequency": { type: "string" },
    "license-count": { type: "string" },
    "print-answers": { type: "boolean", default: false },
  },
});

const report = createReport(process.stdout);
const search = textSearch(
  {
    questions: positionals,
    minDocumentFrequency: toNumber(values["min-document-frequency"]),
    licenseCount: toNumber(values["license-count"]),
  },
  { dataDir: values["data-dir"], onEvent: report.onEvent },
);
const answers = await search.payload;
const { corpus, vocabulary, vectors } = search.dependencies;
const { tokens } = vocabulary.dependencies;
await report.finish([corpus, tokens, vocabulary, vectors, search]);
if (values["print-answers"]) report.printAnswers(answers);

function toNumber(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}
