import { DefinitionError, NotPersistedError } from "../errors/persistable-errors.ts";
import type { NpyArray } from "../format/npy/npy-array.ts";
import { npy } from "../format/npy/npy-format.ts";
import { openScope } from "../persistable/context/generator-scope.ts";
import type { GenerateContext } from "../persistable/declare/hooks.ts";
import { Surroundings } from "../persistable/declare/surroundings.ts";
import { typedParams } from "../persistable/define-persistable.ts";
import { neverWarnOf } from "../persistable/produce/warn-of-undeclared.ts";
import { persistableMap } from "../pipeline/map/define-map.ts";
import type { PersistableMap } from "../pipeline/map/persistable-map.ts";
import { costOfCall } from "./call-cost.ts";
import { paramsOfCall, withoutOwnOptions } from "./call-key.ts";
import type { Embedded, EmbeddingModel, ModelCall } from "./model.ts";
import type { ModelOptions } from "./model-options.ts";
import { isUnpersistable, modeOf } from "./open-call.ts";

type Vectors = PersistableMap<unknown, NpyArray>;

const NAME = "model_embedding";
/** How many values one call of the model embeds, if the model does not say how many it takes. */
const BATCH_SIZE = 2048;
const CONCURRENCY = 4;

/** The sum of the calls of the model that one call of the SDK took. */
class Asked {
  readonly call: ModelCall;
  values = 0;
  calls = 0;
  tokens = 0;
  last: Embedded | undefined;
  readonly warnings: unknown[] = [];
  error: unknown;
  /** The generator that made the call, if any: the cost is added to its own. */
  readonly #asking = openScope();

  constructor(call: ModelCall) {
    this.call = call;
  }

  /** Adds the cost to the record of the vectors, and to the generator that made the call. */
  spend(context: Pick<GenerateContext<unknown, unknown>, "cost">, amounts: Readonly<Record<string, number>>): void {
    context.cost(amounts);
    this.#asking?.spend(amounts);
  }
}

/** An embedding model whose vectors are persisted, each by itself: only new values are paid for. */
export class PersistedEmbeddingModel implements EmbeddingModel {
  readonly specificationVersion: string;
  readonly provider: string;
  readonly modelId: string;
  /** The SDK must not split the values before this class knows which of them are new. */
  readonly maxEmbeddingsPerCall = Number.POSITIVE_INFINITY;
  readonly supportsParallelCalls = true;
  readonly #model: EmbeddingModel;
  readonly #options: ModelOptions;
  #define: Promise<(params: Readonly<Record<string, unknown>>) => Vectors> | undefined;
  /** The vectors by what all values share: they know which packs there are. */
  readonly #maps = new Map<string, Vectors>();

  constructor(model: EmbeddingModel, options: ModelOptions) {
    this.specificationVersion = model.specificationVersion;
    this.provider = model.provider;
    this.modelId = model.modelId;
    this.#model = model;
    this.#options = options;
  }

  async doEmbed(given: ModelCall): Promise<Embedded> {
    const mode = modeOf(given, this.#options.mode);
    const call = withoutOwnOptions(given);
    if (mode === "off") return this.#model.doEmbed(call);
    if (mode === "refresh")
      throw new DefinitionError('Embeddings cannot be refreshed. Give the model another scope, or use mode: "off".');
    let vectors: Vectors;
    try {
      vectors = await this.#vectorsOf(given);
    } catch (error) {
      if (!isUnpersistable(error) || this.#options.onUnpersistable === "throw") throw error;
      return this.#model.doEmbed(call);
    }
    const values: readonly unknown[] = Array.isArray(given.values) ? given.values : [];
    const { abortSignal: signal } = given;
    if (mode === "replay") await this.#refuseMissing(vectors, values, signal);
    const asked = new Asked(call);
    const concurrency = (await this.#model.supportsParallelCalls) === true ? CONCURRENCY : 1;
    try {
      const loaded = await vectors.load(values, { signal, concurrency, untracked: { asked } });
      return this.#resultOf(loaded, asked);
    } catch (error) {
      // The SDK gets the error of the model itself, since it only tries again after errors that it
      // knows.
      throw asked.error ?? error;
    }
  }

  #resultOf(vectors: readonly NpyArray[], asked: Asked): Embedded {
    const { last, tokens, calls, warnings } = asked;
    const distinct = new Set(vectors).size;
    const mark = { hits: distinct - asked.values, misses: asked.values, calls };
    return {
      embeddings: vectors.map((vector) => Array.from(vector, Number)),
      usage: { tokens },
      providerMetadata: { ...last?.providerMetadata, persistable: mark },
      ...(this.specificationVersion === "v2" ? {} : { warnings }),
    };
  }

  async #vectorsOf(given: ModelCall): Promise<Vectors> {
    const params = paramsOfCall("embedding", this.#model, given, this.#options);
    this.#define ??= this.#defineVectors();
    const vectors = (await this.#define)(params);
    const known = this.#maps.get(vectors.address) ?? vectors;
    this.#maps.set(vectors.address, known);
    return known;
  }

  async #defineVectors(): Promise<(params: Readonly<Record<string, unknown>>) => Vectors> {
    const { dataDir, logger, log, verbose, onEvent, prices } = this.#options;
    neverWarnOf(NAME);
    const definition = persistableMap({
      name: NAME,
      params: typedParams<Record<string, unknown>>(),
      format: npy(),
      item: (value: unknown) => value,
      batchSize: (await this.#model.maxEmbeddingsPerCall) ?? BATCH_SIZE,
      generateBatch: async ({ items, signal, cost, untracked }): Promise<NpyArray[]> => {
        const { asked } = untracked;
        if (!(asked instanceof Asked)) throw new TypeError("A batch of values to embed has no model to ask.");
        try {
          const result = await this.#model.doEmbed({ ...asked.call, values: items, abortSignal: signal });
          asked.spend({ cost }, costOfCall(this, result.usage, result.providerMetadata, prices));
          asked.calls += 1;
          asked.values += items.length;
          asked.tokens += result.usage?.tokens ?? 0;
          asked.last = result;
          asked.warnings.push(...(result.warnings ?? []));
          return result.embeddings.map(asVector);
        } catch (error) {
          asked.error ??= error;
          throw error;
        }
      },
    });
    return (params) => definition(params, { dataDir, logger, log, verbose, onEvent });
  }

  async #refuseMissing(vectors: Vectors, values: readonly unknown[], signal: AbortSignal | undefined): Promise<void> {
    const missing = await vectors.missing(values, { signal });
    if (missing.length === 0) return;
    const { dataDir } = this.#options;
    const first = JSON.stringify(missing[0])?.slice(0, 60) ?? "";
    throw new NotPersistedError(
      "model_embedding",
      vectors.address,
      { kind: "never-generated" },
      `${missing.length} of ${values.length} values were never embedded, the first of them ${first}`,
      new Surroundings("model_embedding", { dataDir }).store.url,
      'The model was not asked, since mode is "replay". Record the vectors with mode: "auto".',
    );
  }
}

/** Uses 32-bit numbers, which take half the size, if every number fits without rounding. */
function asVector(numbers: readonly number[]): NpyArray {
  return numbers.every((number) => Object.is(Math.fround(number), number))
    ? Float32Array.from(numbers)
    : Float64Array.from(numbers);
}
