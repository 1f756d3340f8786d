import { messageOf } from "../errors/error-kind.ts";
import { toTagged } from "../format/json/tagged-value.ts";
import { fieldsOf } from "../util/fields-of.ts";
import { AskedModel } from "./asked-model.ts";
import { costOfCall } from "./call-cost.ts";
import { defineCalls } from "./call-definition.ts";
import { answerOfParts, finishReasonOf, type JudgedAnswer, textOf, whyNotKept } from "./judge-answer.ts";
import { type Answer, answerIn, partsIn, type StreamPart } from "./model.ts";
import { formatOfParts } from "./stored-parts.ts";

/** Whole answers, as `doGenerate` returns them. */
export const wholeAnswers = defineCalls(
  "model_answer",
  AskedModel,
  async (live, context) => {
    const { model, call, options } = live;
    const { signal, keep } = context;
    live.hasAsked = true;
    const answer = withoutExchange(await model.doGenerate({ ...call, abortSignal: signal }));
    live.spend(context, costOfCall(model, answer.usage, answer.providerMetadata, options.prices));
    live.why = whyNotKept(answer, call, options.keep) ?? whyUnwritable(answer);
    if (live.why !== undefined) keep(false, live.why);
    return answer;
  },
  (payload) => {
    const answer = answerIn(payload);
    return summaryOf(answer, answer.response);
  },
);

/** Streamed answers: the parts that `doStream` returns. */
export const streamedAnswers = defineCalls(
  "model_stream",
  AskedModel,
  async (live, context) => {
    const { model, call, options } = live;
    const { signal, keep } = context;
    live.hasAsked = true;
    try {
      const { stream } = await model.doStream({ ...call, abortSignal: signal });
      const parts: StreamPart[] = [];
      for await (const part of partsOf(stream)) {
        // A reader may change what it gets, and the stored part must not change with it.
        parts.push(copyOf(part));
        if (part.type === "finish" || part.type === "error") live.why = judgeParts(live, parts);
        // The last part tells its reader the cost.
        if (part.type === "finish") live.cost = costOfCall(model, part.usage, part.providerMetadata, options.prices);
        live.parts?.push(part);
      }
      live.why = judgeParts(live, parts);
      const { finish } = answerOfParts(parts);
      live.spend(context, costOfCall(model, finish?.usage, finish?.providerMetadata, options.prices));
      if (live.why !== undefined) keep(false, live.why);
      return parts;
    } finally {
      live.parts?.end();
    }
  },
  (payload) => {
    const parts = partsIn(payload);
    const response = parts.find(({ type }) => type === "response-metadata");
    return summaryOf(answerOfParts(parts), response);
  },
  formatOfParts(),
);

function judgeParts({ call, options }: AskedModel, parts: readonly StreamPart[]): string | undefined {
  const { broken, ...answer } = answerOfParts(parts);
  return broken ?? whyNotKept(answer, call, options.keep) ?? whyUnwritable(parts);
}

async function* partsOf(stream: ReadableStream<StreamPart>): AsyncGenerator<StreamPart> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Copies plain objects and lists. All other values of a part are shared. */
function copyOf<Value>(value: Value): Value;
function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => copyOf(item));
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copyOf(inner)]));
}

/**
 * Leaves out the request and the headers of the response: another copy of the prompt, cookies, and
 * limits that do not hold any more.
 */
function withoutExchange({ request: _, response, ...answer }: Answer): Answer {
  if (response === undefined) return answer;
  const { headers: __, body: ___, ...kept } = response;
  return { ...answer, response: kept };
}

/**
 * Says why a record cannot hold an answer. The caller has paid for the answer, so it gets it
 * anyway.
 */
function whyUnwritable(answer: unknown): string | undefined {
  try {
    toTagged(answer, "tagged-json");
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function summaryOf(answer: JudgedAnswer, response: unknown): object {
  const { id, modelId } = fieldsOf(response);
  const summary = {
    finishReason: finishReasonOf(answer.finishReason),
    characters: textOf(answer.content).length,
    toolCalls: answer.content.filter(({ type }) => type === "tool-call").length,
  };
  return {
    ...summary,
    ...(typeof id === "string" ? { responseId: id } : {}),
    ...(typeof modelId === "string" ? { responseModel: modelId } : {}),
  };
}
