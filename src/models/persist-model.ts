import { DefinitionError } from "../errors/persistable-errors.ts";
import { describeKind } from "../util/describe-kind.ts";
import { PersistedEmbeddingModel } from "./embedding-model.ts";
import { PersistedLanguageModel } from "./language-model.ts";
import { type AnyModel, isEmbeddingModel, isLanguageModel, type ModelCall } from "./model.ts";
import { checkModelOptions, type ModelOptions } from "./model-options.ts";

/**
 * Persists the calls of a language or embedding model of the AI SDK: each call is asked once, kept
 * with its cost, and loaded and verified from then on, also as a stream, in all processes that
 * share a data directory. Of many values to embed, only new ones are asked for.
 *
 * A call is the same if provider, model id and all options agree, at any temperature. Answers that
 * failed, were cut or filtered are handed out and not kept. `providerMetadata.persistable` of a
 * result says where the answer came from.
 *
 * @throws {@link DefinitionError} for another kind of model, and for options that do not exist
 *
 * @example
 * ```ts
 * import { openai } from "@ai-sdk/openai";
 * import { generateText } from "ai";
 * import { persistModel } from "persistable-ts/ai-sdk";
 *
 * const model = persistModel(openai("gpt-4o"), { dataDir: "data" });
 * await generateText({ model, prompt: "Why is the sky blue?" }); // asks
 * await generateText({ model, prompt: "Why is the sky blue?" }); // loads
 * ```
 */
export function persistModel<Model extends AnyModel>(model: Model, options?: ModelOptions): Model;
export function persistModel(model: AnyModel, options: ModelOptions = {}): unknown {
  checkModelOptions(options);
  return wrap(model, options);
}

/** A call as a middleware of the SDK gets it. */
export interface WrappedCall {
  readonly params: ModelCall;
  readonly model: AnyModel;
}

/** A middleware for `wrapLanguageModel` and `wrapEmbeddingModel`. */
export interface ModelMiddleware<Version extends string> {
  readonly specificationVersion: Version;
  /** The same version again: version 2 of the specification uses this name. */
  readonly middlewareVersion: Version;
  readonly wrapGenerate: (call: WrappedCall) => Promise<never>;
  readonly wrapStream: (call: WrappedCall) => Promise<never>;
  readonly wrapEmbed: (call: WrappedCall) => Promise<never>;
}

/**
 * Does what {@link persistModel} does, for programs that wrap models with several middlewares. In a
 * list of them, those before it see each call, and those after it see misses only.
 *
 * @param version - the version of the specification: `"v2"` for `ai` 5, `"v3"` for 6, `"v4"` for 7
 * @throws {@link DefinitionError} for options that do not exist
 *
 * @example
 * ```ts
 * import { openai } from "@ai-sdk/openai";
 * import { wrapLanguageModel } from "ai";
 * import { persistMiddleware } from "persistable-ts/ai-sdk";
 *
 * const model = wrapLanguageModel({
 *   model: openai("gpt-4o"),
 *   middleware: persistMiddleware("v3", { dataDir: "data" }),
 * });
 * ```
 */
export function persistMiddleware<const Version extends "v2" | "v3" | "v4">(
  version: Version,
  options?: ModelOptions,
): ModelMiddleware<Version>;
export function persistMiddleware(version: string, options: ModelOptions = {}): unknown {
  checkModelOptions(options);
  const known = new WeakMap<AnyModel, PersistedLanguageModel | PersistedEmbeddingModel>();
  const persisted = (model: AnyModel): PersistedLanguageModel | PersistedEmbeddingModel => {
    const made = known.get(model) ?? wrap(model, options);
    known.set(model, made);
    return made;
  };
  const languageModel = (model: AnyModel): PersistedLanguageModel => {
    const made = persisted(model);
    return made instanceof PersistedLanguageModel ? made : refuse(model);
  };
  return {
    specificationVersion: version,
    middlewareVersion: version,
    wrapGenerate: async ({ params, model }: WrappedCall) => languageModel(model).doGenerate(params),
    wrapStream: async ({ params, model }: WrappedCall) => languageModel(model).doStream(params),
    wrapEmbed: async ({ params, model }: WrappedCall) => {
      const made = persisted(model);
      return made instanceof PersistedEmbeddingModel ? made.doEmbed(params) : refuse(model);
    },
  };
}

function wrap(model: AnyModel, options: ModelOptions): PersistedLanguageModel | PersistedEmbeddingModel {
  const given: unknown = model;
  if (typeof given !== "object" || given === null) return refuse(given);
  if (isLanguageModel(model)) return new PersistedLanguageModel(model, options);
  if (isEmbeddingModel(model)) return new PersistedEmbeddingModel(model, options);
  return refuse(given);
}

function refuse(given: unknown): never {
  const what = typeof given === "string" ? "the name of a model" : describeKind(given);
  throw new DefinitionError(
    `persistModel was given ${what}. Give a language model or an embedding model of a provider: persistModel(openai("gpt-4o")).`,
  );
}
