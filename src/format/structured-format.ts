import { DecodeError, DecodeLimitError, NewerPayloadError } from "../errors/format-errors.ts";
import type { ClassCodec } from "../util/class-codec.ts";
import type { DecodeLimits, UniversalFormat } from "./format.ts";
import { planStructured } from "./plan-structured.ts";
import type { StructuredPlan } from "./structured-plan.ts";
import { createStructuredReader, createStructuredWriter, v8 } from "./structured-wire.ts";

/** `PST` and the version of this envelope. */
const MAGIC = Uint8Array.of(0x50, 0x53, 0x54, 1);
/** Magic, then as unsigned 32-bit little-endian: bytes of the v8 part, number of segments, zero. */
const HEAD_BYTES = 16;
/** Buffers begin at multiples of this, so that typed arrays may lie on them as they are. */
const ALIGNMENT = 64;

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

function encodeStructured(plan: StructuredPlan): readonly Uint8Array[] {
  const writer = createStructuredWriter(plan);
  writer.writeHeader();
  writer.writeValue(plan.value);
  const body = writer.releaseBuffer();
  const { segments } = plan;
  const head = new Uint8Array(HEAD_BYTES + segments.length * 8);
  const view = new DataView(head.buffer);
  head.set(MAGIC);
  view.setUint32(4, body.length, true);
  view.setUint32(8, segments.length, true);
  for (const [i, segment] of segments.entries()) view.setBigUint64(HEAD_BYTES + i * 8, BigInt(segment.length), true);
  if (segments.length === 0) return [Buffer.concat([head, body])];
  const chunks: Uint8Array[] = [head, body];
  let end = head.length + body.length;
  for (const segment of segments) {
    const padding = paddingAt(end);
    if (padding > 0) chunks.push(new Uint8Array(padding));
    chunks.push(segment);
    end += padding + segment.length;
  }
  return chunks;
}

function decodeStructured(bytes: Uint8Array, limits: DecodeLimits, classes: readonly ClassCodec[]): unknown {
  if (bytes.length > limits.maxBytes) throw new DecodeLimitError("structured", "maxBytes", limits.maxBytes);
  if (bytes.length < HEAD_BYTES || MAGIC.some((byte, i) => i < 3 && bytes[i] !== byte))
    throw new DecodeError("structured", "they do not begin as one");
  if (bytes[3] !== MAGIC[3]) throw new NewerPayloadError("structured", `in version ${bytes[3]} of its envelope`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const bodyBytes = view.getUint32(4, true);
  const count = view.getUint32(8, true);
  const bodyStart = HEAD_BYTES + count * 8;
  if (view.getUint32(12, true) !== 0 || bodyStart + bodyBytes > bytes.length)
    throw new DecodeError("structured", "their envelope does not fit them");
  const segments: Uint8Array[] = [];
  let end = bodyStart + bodyBytes;
  for (let i = 0; i < count; i++) {
    const start = end + paddingAt(end);
    end = start + Number(view.getBigUint64(HEAD_BYTES + i * 8, true));
    if (end > bytes.length) throw new DecodeError("structured", "a buffer in them is cut off");
    segments.push(bytes.subarray(start, end));
  }
  if (end !== bytes.length) throw new DecodeError("structured", "more bytes follow");
  return readBody(bytes.subarray(bodyStart, bodyStart + bodyBytes), segments, limits, classes);
}

function readBody(
  body: Uint8Array,
  segments: readonly Uint8Array[],
  limits: DecodeLimits,
  classes: readonly ClassCodec[],
): unknown {
  const wireVersion = v8().serialize(0)[1] ?? 0;
  if (body[0] !== 0xff || (body[1] ?? 0) === 0) throw new DecodeError("structured", "their body has no header");
  if ((body[1] ?? 0) > wireVersion)
    throw new NewerPayloadError("structured", `in version ${body[1]} of V8's serialization`);
  if (body.length > limits.maxNodes) throw new DecodeLimitError("structured", "maxNodes", limits.maxNodes);
  const reader = createStructuredReader(body, segments, classes);
  try {
    reader.readHeader();
    return reader.readValue();
  } catch (error) {
    // What a class makes of its own encoding is the class's error.
    if (reader.codecFailure !== undefined) throw reader.codecFailure;
    throw new DecodeError("structured", (error as Error).message, { cause: error });
  }
}

function paddingAt(offset: number): number {
  return (ALIGNMENT - (offset % ALIGNMENT)) % ALIGNMENT;
}
