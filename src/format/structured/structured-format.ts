import { withErrorsOfCodecs } from "../../errors/user-code-errors.ts";
import type { ClassCodec } from "../../util/class-codec.ts";
import type { DecodeLimits, UniversalFormat } from "../format.ts";
import { decodeStructured, nameClasses } from "./decode-structured.ts";
import { encodeStructured } from "./encode-structured.ts";
import { planStructured } from "./plan-structured.ts";
import type { StructuredPlan } from "./structured-plan.ts";

/**
 * The default format. It holds every value that can be cloned by `structuredClone`, keeps its type,
 * shared references and cycles, and holds instances of declared classes.
 *
 * The payload is encoded by Node's own serialization, which never executes code, in an envelope
 * that is checked before decoding. Big typed arrays lie beside it as raw bytes: they are written
 * from where they lie in memory, and come back as views of the payload's bytes, without a copy.
 *
 * Views of one buffer share it again if they overlap or lie close together. The parts of a buffer
 * that no view covers are not written. A Buffer comes back as a Buffer. Containers may nest 500
 * levels deep.
 *
 * @throws TypeError if two of the classes have the same name.
 */
export function structured(options: { readonly classes?: readonly ClassCodec[] } = {}): UniversalFormat {
  const { classes = [] } = options;
  const named = nameClasses(classes);
  let checked: { readonly payload: unknown; readonly plan: StructuredPlan } | undefined;
  const forget = (): void => {
    checked = undefined;
  };
  return {
    id: "structured",
    extension: ".v8",
    inline: "base64",
    check(payload) {
      const plan = withErrorsOfCodecs(() => planStructured(payload, classes));
      if (typeof payload !== "object") return;
      // The caller calls `encode` at once, which uses the plan of this walk. After that the plan is
      // dropped, since the payload may change.
      if (checked === undefined) setImmediate(forget);
      checked = { payload, plan };
    },
    encode(payload) {
      const plan = checked?.payload === payload ? checked?.plan : undefined;
      checked = undefined;
      return encodeStructured(plan ?? withErrorsOfCodecs(() => planStructured(payload, classes)));
    },
    decode: <Payload>(bytes: Uint8Array, limits: DecodeLimits) =>
      withErrorsOfCodecs(() => decodeStructured(bytes, limits, named)) as Payload,
  };
}
