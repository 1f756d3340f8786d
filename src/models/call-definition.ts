import { DefinitionError } from "../errors/persistable-errors.ts";
import { taggedJson } from "../format/json/tagged-json-format.ts";
import { GeneratorContext } from "../persistable/context/generate-context.ts";
import type { GenerateContext } from "../persistable/declare/hooks.ts";
import type { LiveValues } from "../persistable/declare/state.ts";
import { defineBy, typedParams } from "../persistable/define-persistable.ts";
import type { LiveStream } from "../persistable/load/live-stream.ts";
import { neverWarnOf } from "../persistable/produce/warn-of-undeclared.ts";
import type { BuildPersistable } from "../persistable/untyped-definition.ts";
import type { LanguageModel, ModelCall, StreamPart } from "./model.ts";
import type { ModelOptions } from "./model-options.ts";

/**
 * The live part of one call: the generator gets it, and it is in no recipe and no record. A caller
 * who waits for the answer of another call has one that is not used.
 */
export interface LiveCall {
  readonly model: LanguageModel;
  readonly call: ModelCall;
  readonly options: ModelOptions;
  /** Gets the parts of a streamed answer as they come. */
  parts: LiveStream<StreamPart> | undefined;
  /** Set by the generator: it has asked the model for this call. */
  hasAsked: boolean;
  /** Set by the generator: why the answer is not kept. */
  why: string | undefined;
}

type Context = GenerateContext<unknown, unknown>;

/** Answers up to this size lie in their record, where people can read them. */
const INLINE_BYTES = 64 * 1024;

/** The answers of one kind, as the payloads of one name. */
export function defineCalls(
  name: string,
  generate: (live: LiveCall, context: Context) => Promise<unknown>,
  summarize: (payload: unknown) => object,
): BuildPersistable {
  neverWarnOf(name);
  return defineBy(generate, {
    name,
    params: typedParams<Record<string, unknown>>(),
    format: taggedJson(),
    // The caller may change an answer.
    memory: "fresh",
    inlineBytes: INLINE_BYTES,
    // Prompts are in records, which is one place too many already.
    log: false,
    // A prompt is searched for credentials before the model is asked, and not again at every hit.
    allowCredentials: true,
    generate: (context) => generate(liveCallOf(context), context),
    summarize,
  });
}

const liveCalls = new WeakMap<object, LiveCall>();

/** The live values of the persistable of a call. */
export function liveValuesOf(live: LiveCall): LiveValues {
  const self = {};
  liveCalls.set(self, live);
  return { self, parts: [] };
}

function liveCallOf(context: Context): LiveCall {
  const self = context instanceof GeneratorContext ? context.liveValues?.self : undefined;
  const live = typeof self === "object" && self !== null ? liveCalls.get(self) : undefined;
  if (live !== undefined) return live;
  throw new DefinitionError(
    "This persistable of a model call was built from a record, and has no model to ask. Call the model: generateText({ model, … }).",
  );
}
