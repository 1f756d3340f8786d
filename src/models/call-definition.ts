import { DefinitionError } from "../errors/persistable-errors.ts";
import type { Format } from "../format/format.ts";
import { taggedJson } from "../format/json/tagged-json-format.ts";
import { GeneratorContext } from "../persistable/context/generate-context.ts";
import { openScope } from "../persistable/context/generator-scope.ts";
import type { GenerateContext } from "../persistable/declare/hooks.ts";
import { defineBy, typedParams } from "../persistable/define-persistable.ts";
import { neverWarnOf } from "../persistable/produce/warn-of-undeclared.ts";
import type { BuildPersistable } from "../persistable/untyped-definition.ts";

type Context = GenerateContext<unknown, unknown>;

/**
 * The values of one call that the generator needs and that are in no recipe and no record. If a
 * caller waits for the answer of another call, its own live call is not used.
 */
export class LiveCall {
  /** Set by the generator: it has asked the model for this call. */
  hasAsked = false;
  /** Set by the generator: why the answer is not kept. */
  why: string | undefined;
  /** Set by the generator: what the answer has cost. */
  cost: Readonly<Record<string, number>> | undefined;
  /** The generator that made the call, if any: the cost is added to its own. */
  readonly #asking = openScope();

  /**
   * The draw of the generator that makes the call: independent payloads need independent answers.
   */
  get drawOfGenerator(): number | undefined {
    return this.#asking?.state.recipe.draw;
  }

  /** Adds the cost to the record of the answer, and to the generator that made the call. */
  spend(context: Context, amounts: Readonly<Record<string, number>>): void {
    this.cost = amounts;
    context.cost(amounts);
    this.#asking?.spend(amounts);
  }
}

/** Answers up to this size lie in their record, where people can read them. */
const INLINE_BYTES = 64 * 1024;

/** The answers of one kind, as the payloads of one name. */
export function defineCalls<Live extends LiveCall>(
  name: string,
  kind: new (...args: never) => Live,
  generate: (live: Live, context: Context) => Promise<unknown>,
  summarize: (payload: unknown) => object,
  format: Format<unknown> = taggedJson(),
): BuildPersistable {
  neverWarnOf(name);
  return defineBy(generate, {
    name,
    params: typedParams<Record<string, unknown>>(),
    format,
    // The caller may change an answer.
    memory: "fresh",
    inlineBytes: INLINE_BYTES,
    // Prompts may be confidential. They are in records already, and must not be in a log as well.
    log: false,
    // A prompt is searched for credentials once, before the model is asked, and not at every hit.
    allowCredentials: true,
    generate: (context) => {
      const live = context instanceof GeneratorContext ? context.liveValues?.self : undefined;
      if (live instanceof kind) return generate(live, context);
      throw new DefinitionError(
        "This persistable of a model call was built from a record, and has no model to ask. Call the model: generateText({ model, … }).",
      );
    },
    summarize,
  });
}
