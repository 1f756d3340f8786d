import { DefinitionError } from "../errors/persistable-errors.ts";
import type { PersistableOptions } from "../persistable/persistable.ts";
import { describeKind } from "../util/describe-kind.ts";
import type { Prices } from "./call-cost.ts";
import type { ContentPart, ModelCall } from "./model.ts";

/**
 * How calls are answered. `"auto"`: from the store, or else by the model. `"replay"`: from the
 * store alone, a miss fails. `"refresh"`: by the model, whose answer replaces the stored one.
 * `"off"`: by the model, and nothing is read or written.
 */
export type CallMode = "auto" | "replay" | "refresh" | "off";

/** An answer that a model has just given, for a rule of what is kept. */
export interface GivenAnswer {
  /** Why the answer gave its last token, in the words that all versions of the SDK share. */
  readonly finishReason: string;
  readonly content: readonly ContentPart[];
  readonly call: ModelCall;
  /** Why the answer would not be kept without this rule; `undefined` if it would be. */
  readonly why: string | undefined;
}

/** How calls of a model are persisted. */
export interface ModelOptions extends Omit<PersistableOptions, "memory" | "limits"> {
  /**
   * By default `"auto"`. A call may choose another mode: `providerOptions: { persistable: { mode }
   * }`.
   */
  readonly mode?: CallMode | undefined;
  /**
   * The number of an answer among several independent ones of the same call; 0 by default. A call
   * may choose another draw: `providerOptions: { persistable: { draw: 2 } }`. See also `withDraw`.
   */
  readonly draw?: number | undefined;
  /**
   * Says whether an answer is kept, in place of the built-in rule. A stream that was cut, or in
   * which there was an error, is never kept.
   */
  readonly keep?: ((answer: GivenAnswer) => boolean) | undefined;
  /** The prices of tokens, in USD per million, by model id; or a function of the usage. */
  readonly prices?: Prices | undefined;
  /** Options of the call that do not count, as paths: `["providerOptions.openai.user"]`. */
  readonly ignore?: readonly string[] | undefined;
  /** Headers of the call that count, such as `anthropic-beta`. No other header is recorded. */
  readonly keyHeaders?: readonly string[] | undefined;
  /**
   * Returns the part of a file's URL in a prompt that counts, such as the URL without its
   * signature.
   */
  readonly keyUrl?: ((url: URL) => string) | undefined;
  /** Any value of a recipe that counts besides provider and model id: a base URL, a deployment. */
  readonly scope?: unknown;
  /**
   * For a call that cannot be recorded, such as one with a credential in its prompt: `"pass"`, by
   * default, asks the model and warns once; `"throw"` fails.
   */
  readonly onUnpersistable?: "pass" | "throw" | undefined;
  /**
   * When the last reader leaves a stream: `"abort"`, by default, ends the request; `"finish"` reads
   * on and keeps the answer.
   */
  readonly onLeave?: "abort" | "finish" | undefined;
}

const MODES: readonly CallMode[] = ["auto", "replay", "refresh", "off"];

/** The options that only model calls have; all others are those of a persistable. */
export const CALL_OPTIONS = [
  "mode",
  "draw",
  "keep",
  "prices",
  "ignore",
  "keyHeaders",
  "keyUrl",
  "scope",
  "onUnpersistable",
  "onLeave",
] as const;

const OTHER_OPTIONS = ["dataDir", "logger", "log", "verbose", "onEvent"];

/** @throws {@link DefinitionError} for an option that is not known, or has no possible value */
export function checkModelOptions(options: ModelOptions): void {
  checkCallOptions("A model", options, [...CALL_OPTIONS, ...OTHER_OPTIONS]);
}

/** @throws {@link DefinitionError} */
export function checkCallOptions(
  what: string,
  options: Pick<ModelOptions, "mode" | "draw">,
  known: readonly string[],
): void {
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw new DefinitionError(`${what} has no option ${JSON.stringify(unknown)}. It has ${known.join(", ")}.`);
  if (options.mode !== undefined) checkMode(options.mode);
  if (options.draw !== undefined) checkDraw(options.draw);
}

export function checkMode(mode: unknown): CallMode {
  const found = MODES.find((known) => known === mode);
  if (found !== undefined) return found;
  throw new DefinitionError(`The mode of a model call is ${JSON.stringify(mode)}. Give one of ${MODES.join(", ")}.`);
}

export function checkDraw(draw: unknown): number {
  if (typeof draw === "number" && Number.isSafeInteger(draw) && draw >= 0) return draw;
  const given = typeof draw === "number" ? String(draw) : describeKind(draw);
  throw new DefinitionError(`The draw of a model call is ${given}. Give a whole number from 0.`);
}
