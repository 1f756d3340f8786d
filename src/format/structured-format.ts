import type { ClassCodec } from "../util/class-codec.ts";
import { decodeStructured } from "./decode-structured.ts";
import { encodeStructured } from "./encode-structured.ts";
import type { DecodeLimits, UniversalFormat } from "./format.ts";
import { planStructured } from "./plan-structured.ts";

/**
 * The default format: any structured-cloneable value, in value and type, shared references and cycles included, and instances of declared classes.
 * Made of Node's own serialization, which never executes code, in an envelope that is checked before decoding. Typed arrays and buffers lie beside it as raw bytes:
 * big ones are written from where they are, and come back as views of the payload, without a copy.
 *
 * @example
 * ```ts
 * definePersistable({
 *   name: "model",
 *   generate: () => Model.fit(),
 *   format: structured({ classes: [defineClass(Model, { encode: (model) => model.weights, decode: (weights) => new Model(weights) })] }),
 * });
 * ```
 */
export function structured(options: { readonly classes?: readonly ClassCodec[] } = {}): UniversalFormat {
  const { classes = [] } = options;
  return {
    id: "structured",
    extension: ".v8",
    inline: "base64",
    check: (payload) => void planStructured(payload, classes),
    encode: (payload) => encodeStructured(planStructured(payload, classes)),
    decode: <Payload>(bytes: Uint8Array, limits: DecodeLimits) => decodeStructured(bytes, limits, classes) as Payload,
  };
}
