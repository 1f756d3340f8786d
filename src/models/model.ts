/**
 * The part that all models of the AI SDK share, whatever their kind and the version of their
 * specification. The code here does not need the SDK itself, so it works with every version.
 */
export interface AnyModel {
  readonly specificationVersion: string;
  readonly provider: string;
  readonly modelId: string;
}

/** The options with which the SDK calls a model. Those that are not named here count as well. */
export interface ModelCall {
  readonly abortSignal?: AbortSignal | undefined;
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
  readonly providerOptions?: Readonly<Record<string, unknown>> | undefined;
  readonly maxOutputTokens?: number | undefined;
  readonly responseFormat?: { readonly type: string } | undefined;
  readonly toolChoice?: { readonly type: string; readonly toolName?: string } | undefined;
  readonly [option: string]: unknown;
}

export interface LanguageModel extends AnyModel {
  doGenerate(call: ModelCall): PromiseLike<Answer>;
  doStream(call: ModelCall): PromiseLike<{ readonly stream: ReadableStream<StreamPart> }>;
}

export interface EmbeddingModel extends AnyModel {
  readonly maxEmbeddingsPerCall?: PromiseLike<number | undefined> | number | undefined;
  readonly supportsParallelCalls?: PromiseLike<boolean> | boolean | undefined;
  doEmbed(call: ModelCall): PromiseLike<Embedded>;
}

/** The part of a whole answer that is read here. */
export interface Answer {
  readonly content: readonly ContentPart[];
  readonly finishReason: unknown;
  readonly usage?: unknown;
  readonly providerMetadata?: Readonly<Record<string, unknown>> | undefined;
  readonly response?: Readonly<Record<string, unknown>> | undefined;
  readonly [field: string]: unknown;
}

/** One piece of an answer: text, a call of a tool, a file, a source. */
export interface ContentPart {
  readonly type: string;
  readonly text?: unknown;
  readonly toolName?: unknown;
}

/** One part of a streamed answer. */
export interface StreamPart {
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface Embedded {
  readonly embeddings: readonly (readonly number[])[];
  readonly usage?: { readonly tokens?: number } | undefined;
  readonly providerMetadata?: Readonly<Record<string, unknown>> | undefined;
  readonly warnings?: readonly unknown[] | undefined;
}

/** A stored answer. Records are verified, so another payload is a mistake of this library. */
export function answerIn(payload: unknown): Answer {
  if (isAnswer(payload)) return payload;
  throw new TypeError("The payload of a model call is not an answer.");
}

function isAnswer(payload: unknown): payload is Answer {
  return typeof payload === "object" && payload !== null && "content" in payload && Array.isArray(payload.content);
}

/** The parts of a stored stream. */
export function partsIn(payload: unknown): readonly StreamPart[] {
  if (Array.isArray(payload)) return payload;
  throw new TypeError("The payload of a streamed model call is not a list of parts.");
}

export function isLanguageModel(model: object): model is LanguageModel {
  return isMethod(model, "doGenerate") && isMethod(model, "doStream");
}

export function isEmbeddingModel(model: object): model is EmbeddingModel {
  return isMethod(model, "doEmbed");
}

function isMethod(model: object, name: string): boolean {
  return typeof Reflect.get(model, name) === "function";
}
