import type { LiveStream } from "../persistable/load/live-stream.ts";
import { LiveCall } from "./call-definition.ts";
import type { LanguageModel, ModelCall, StreamPart } from "./model.ts";
import type { ModelOptions } from "./model-options.ts";

/** One call of a language model. */
export class AskedModel extends LiveCall {
  readonly model: LanguageModel;
  readonly call: ModelCall;
  readonly options: ModelOptions;
  /** Receives the parts of a streamed answer as the model sends them. */
  parts: LiveStream<StreamPart> | undefined;

  constructor(model: LanguageModel, call: ModelCall, options: ModelOptions) {
    super();
    this.model = model;
    this.call = call;
    this.options = options;
  }
}
