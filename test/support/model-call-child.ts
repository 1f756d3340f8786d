// A process that makes one call of a model, for the tests of several processes. It tells what
// happens, and what the answer was.
import { createOpenAI } from "@ai-sdk/openai";
import { persistModel } from "persistable-ts/ai-sdk";

/** The child's task. */
export interface ModelCallTask {
  readonly dataDir: string;
  /** The server that is asked. */
  readonly url: string;
  readonly isStreamed: boolean;
}

/** The child's report: an event of its call, a part of the stream, or the end. */
export interface ModelCallReport {
  readonly type: string;
  readonly text?: string;
  /** The origin of the answer, at the end. */
  readonly source?: unknown;
}

const { dataDir, url, isStreamed }: ModelCallTask = JSON.parse(process.argv[2] ?? "");
const tell = (report: ModelCallReport): void => void process.stdout.write(`${JSON.stringify(report)}\n`);
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const model = persistModel(createOpenAI({ baseURL: `${url}/v1`, apiKey: "key" }).chat("m1"), {
  dataDir,
  logger,
  onEvent: ({ type }) => tell({ type }),
});
const call = { prompt: [{ role: "user" as const, content: [{ type: "text" as const, text: "Why?" }] }] };

const sourceOf = ({ providerMetadata }: { readonly providerMetadata?: Readonly<Record<string, unknown>> }): unknown =>
  Object(providerMetadata?.persistable).source;

if (isStreamed) {
  let text = "";
  for await (const part of (await model.doStream(call)).stream) {
    if (part.type === "text-delta") {
      text += part.delta;
      tell({ type: "part", text: part.delta });
    }
    if (part.type === "finish") tell({ type: "end", text, source: sourceOf(part) });
  }
} else {
  const answer = await model.doGenerate(call);
  tell({ type: "end", text: JSON.stringify(answer.content), source: sourceOf(answer) });
}
