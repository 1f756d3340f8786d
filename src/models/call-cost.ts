import { fieldsOf } from "../util/fields-of.ts";
import type { AnyModel } from "./model.ts";

/** The prices of the tokens of one model, in USD per million. */
export interface TokenPrices {
  readonly input: number;
  readonly output: number;
  /**
   * The price of tokens that the provider reads from its own cache of prompts; that of `input` by
   * default.
   */
  readonly cachedInput?: number | undefined;
  /** The price of tokens that the provider writes into that cache; that of `input` by default. */
  readonly cacheWrite?: number | undefined;
}

/** The tokens of one call, in the same form for all versions of the specification. */
export interface CallUsage {
  /** All tokens of the prompt, those from a cache included. */
  readonly inputTokens?: number | undefined;
  readonly cachedInputTokens?: number | undefined;
  readonly cacheWriteTokens?: number | undefined;
  /** All tokens of the answer, those of its reasoning included. */
  readonly outputTokens?: number | undefined;
  readonly reasoningTokens?: number | undefined;
}

/** Prices by model id, or a function that gives the USD of one call, if it knows them. */
export type Prices =
  | Readonly<Record<string, TokenPrices>>
  | ((call: { readonly provider: string; readonly modelId: string; readonly usage: CallUsage }) => number | undefined);

/** The cost of a call by unit, for its record. Units that are not known are left out. */
export function costOfCall(
  model: AnyModel,
  usage: unknown,
  providerMetadata: unknown,
  prices: Prices | undefined,
): Readonly<Record<string, number>> {
  const tokens = usageOf(model, usage, providerMetadata);
  const usd = prices === undefined ? undefined : usdOf(model, tokens, prices);
  const amounts = Object.entries({ ...tokens, usd }).filter(
    (entry): entry is [string, number] =>
      typeof entry[1] === "number" && Number.isFinite(entry[1]) && entry[1] >= 0 && (entry[1] > 0 || isMain(entry[0])),
  );
  return Object.fromEntries(amounts);
}

function isMain(unit: string): boolean {
  return unit === "inputTokens" || unit === "outputTokens" || unit === "usd";
}

/** The tokens of a call of a language model or of an embedding model. */
export function usageOf(model: AnyModel, usage: unknown, providerMetadata: unknown): CallUsage {
  const given = fieldsOf(usage);
  if (typeof given.tokens === "number") return { inputTokens: given.tokens };
  const input = given.inputTokens;
  if (typeof input === "object" && input !== null) {
    const { total, cacheRead, cacheWrite } = fieldsOf(input);
    const output = fieldsOf(given.outputTokens);
    return {
      inputTokens: number(total),
      cachedInputTokens: number(cacheRead),
      cacheWriteTokens: number(cacheWrite),
      outputTokens: number(output.total),
      reasoningTokens: number(output.reasoning),
    };
  }
  const cachedInputTokens = number(given.cachedInputTokens);
  const inputTokens = number(input);
  // In version 2, the input tokens of Anthropic do not include cached tokens; those of all other
  // providers do.
  const isBesideCache = model.provider.startsWith("anthropic");
  const cacheWriteTokens = isBesideCache
    ? number(fieldsOf(fieldsOf(providerMetadata).anthropic).cacheCreationInputTokens)
    : undefined;
  return {
    inputTokens:
      inputTokens === undefined || !isBesideCache
        ? inputTokens
        : inputTokens + (cachedInputTokens ?? 0) + (cacheWriteTokens ?? 0),
    cachedInputTokens,
    cacheWriteTokens,
    outputTokens: number(given.outputTokens),
    reasoningTokens: number(given.reasoningTokens),
  };
}

function usdOf({ provider, modelId }: AnyModel, usage: CallUsage, prices: Prices): number | undefined {
  if (typeof prices === "function") return prices({ provider, modelId, usage });
  const price = Object.hasOwn(prices, modelId) ? prices[modelId] : undefined;
  const { inputTokens, outputTokens = 0, cachedInputTokens = 0, cacheWriteTokens = 0 } = usage;
  if (price === undefined || inputTokens === undefined) return undefined;
  const fresh = Math.max(0, inputTokens - cachedInputTokens - cacheWriteTokens);
  const { input, output, cachedInput = input, cacheWrite = input } = price;
  const perMillion =
    fresh * input + cachedInputTokens * cachedInput + cacheWriteTokens * cacheWrite + outputTokens * output;
  return perMillion / 1_000_000;
}

function number(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
