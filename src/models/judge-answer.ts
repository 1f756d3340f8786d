import { fieldsOf } from "../util/fields-of.ts";
import { tryParseJson } from "../util/json/checks.ts";
import type { ContentPart, ModelCall, StreamPart } from "./model.ts";
import type { ModelOptions } from "./model-options.ts";

/** The part of an answer that is judged, whether it came whole or as a stream. */
export interface JudgedAnswer {
  readonly finishReason: unknown;
  readonly content: readonly ContentPart[];
}

/** Why an answer is not kept; `undefined` if it is. */
export function whyNotKept(answer: JudgedAnswer, call: ModelCall, keep: ModelOptions["keep"]): string | undefined {
  const finishReason = finishReasonOf(answer.finishReason);
  const why = problemOf(finishReason, answer.content, call);
  if (keep === undefined) return why;
  if (keep({ finishReason, content: answer.content, call, why })) return undefined;
  return why ?? "keep() of the model says so";
}

/** Version 2 has a text, later versions an object that also has the provider's own word. */
export function finishReasonOf(given: unknown): string {
  const unified = typeof given === "object" ? fieldsOf(given).unified : given;
  return typeof unified === "string" ? unified : "unknown";
}

function problemOf(finishReason: string, content: readonly ContentPart[], call: ModelCall): string | undefined {
  const isWhole = finishReason === "stop" || finishReason === "tool-calls";
  // If the call itself limits the length, an answer that ends there is what the caller asked for.
  const isAsked = finishReason === "length" && call.maxOutputTokens !== undefined;
  if (!isWhole && !isAsked) return `the answer ended with ${finishReason}`;
  const tools = content.filter(({ type }) => type === "tool-call").map(({ toolName }) => toolName);
  const { toolChoice, responseFormat } = call;
  // The SDK refuses such an answer. If it were kept, the SDK would refuse it at every call.
  if (toolChoice?.type === "required" && tools.length === 0) return "a tool was to be called, and none was";
  if (toolChoice?.type === "tool" && !tools.includes(toolChoice.toolName))
    return `the tool ${toolChoice.toolName} was to be called, and was not`;
  if (responseFormat?.type === "json" && tools.length === 0 && tryParseJson(textOf(content)) === undefined)
    return "its text is not JSON";
  return undefined;
}

export function textOf(content: readonly ContentPart[]): string {
  return content.map(({ type, text }) => (type === "text" && typeof text === "string" ? text : "")).join("");
}

/** Returns the answer that the parts of a stream form, and how it ended. */
export function answerOfParts(parts: readonly StreamPart[]): JudgedAnswer & {
  /**
   * The reason why the answer is never kept, whatever `keep` returns; `undefined` if there is none.
   */
  readonly broken: string | undefined;
  readonly finish: StreamPart | undefined;
} {
  const content: ContentPart[] = [];
  let finish: StreamPart | undefined;
  let hasError = false;
  for (const part of parts) {
    if (part.type === "text-delta") content.push({ type: "text", text: part.delta });
    else if (part.type === "tool-call") content.push({ type: part.type, toolName: part.toolName });
    else if (part.type === "finish") finish = part;
    else if (part.type === "error") hasError = true;
  }
  const broken = hasError
    ? "there was an error in the stream"
    : finish === undefined
      ? "the stream was cut"
      : undefined;
  return { content, finishReason: finish?.finishReason, broken, finish };
}
