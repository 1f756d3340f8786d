import { visibleLine } from "../errors/visible-text.ts";
import { wholeAnswers } from "./answers.ts";
import { AskedModel } from "./asked-model.ts";
import { paramsOfCall, withoutOwnOptions } from "./call-key.ts";
import { type Answer, answerIn, type LanguageModel, type ModelCall } from "./model.ts";
import type { ModelOptions } from "./model-options.ts";
import { type CallMark, isUnpersistable, modeOf, OpenCall, ownOptionsOf } from "./open-call.ts";
import { streamAnswer } from "./stream-answer.ts";

type Streamed = Awaited<ReturnType<LanguageModel["doStream"]>>;

/** A language model whose answers are persisted. */
export class PersistedLanguageModel implements LanguageModel {
  readonly specificationVersion: string;
  readonly provider: string;
  readonly modelId: string;
  readonly #model: LanguageModel;
  readonly #options: ModelOptions;
  #hasWarned = false;

  constructor(model: LanguageModel, options: ModelOptions) {
    this.specificationVersion = model.specificationVersion;
    this.provider = model.provider;
    this.modelId = model.modelId;
    this.#model = model;
    this.#options = options;
  }

  /** The SDK asks here which files it has to download before a call. */
  get supportedUrls(): unknown {
    return Reflect.get(this.#model, "supportedUrls");
  }

  async doGenerate(given: ModelCall): Promise<Answer> {
    const ask = (call: ModelCall): PromiseLike<Answer> => this.#model.doGenerate(call);
    return this.#persisted(given, ask, async (live, mode) => {
      const params = paramsOfCall("answer", this.#model, given, this.#options);
      const call = new OpenCall(wholeAnswers, params, live, this.#options, ownOptionsOf(given).draw);
      const signal = given.abortSignal;
      const found = mode === "refresh" ? undefined : await call.find(signal);
      if (found !== undefined) return marked(answerIn(found.payload), call.mark("store"));
      if (mode === "replay") return call.refuseMiss();
      call.refuseCredentials();
      const answer = await call.obtain(signal, mode === "refresh");
      return marked(answerIn(answer), call.mark("other"));
    });
  }

  async doStream(given: ModelCall): Promise<Streamed> {
    const ask = (call: ModelCall): PromiseLike<Streamed> => this.#model.doStream(call);
    return this.#persisted(given, ask, async (live, mode) => ({
      stream: await streamAnswer(live, given, mode),
    }));
  }

  /**
   * Answers a call from the store or by the model. The mode `"off"` passes the call on, and so does
   * a call that cannot be persisted.
   */
  async #persisted<Result>(
    given: ModelCall,
    ask: (call: ModelCall) => PromiseLike<Result>,
    answer: (live: AskedModel, mode: "auto" | "replay" | "refresh") => Promise<Result>,
  ): Promise<Result> {
    const mode = modeOf(given, this.#options.mode);
    const call = withoutOwnOptions(given);
    if (mode === "off") return ask(call);
    const live = new AskedModel(this.#model, call, this.#options);
    try {
      return await answer(live, mode);
    } catch (error) {
      const isPassed = isUnpersistable(error) && !live.hasAsked && this.#options.onUnpersistable !== "throw";
      if (!isPassed || mode === "replay") throw error;
      this.#warn(error.message);
      return ask(call);
    }
  }

  #warn(why: string): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    process.emitWarning(
      `A call of ${visibleLine(this.modelId)} is not persisted, and the model was asked: ${why} Later calls of this kind pass without a warning.`,
      "PersistableWarning",
    );
  }
}

function marked(answer: Answer, mark: CallMark): Answer {
  return { ...answer, providerMetadata: { ...answer.providerMetadata, persistable: mark } };
}
