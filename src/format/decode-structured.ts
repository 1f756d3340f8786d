import { DecodeError, DecodeLimitError, NewerPayloadError, UndeclaredClassError } from "../errors/format-errors.ts";
import type { ClassCodec } from "../util/class-codec.ts";
import type { DecodeLimits } from "./format.ts";
import { VIEW_KINDS } from "./structured-plan.ts";
import { HEAD_BYTES, INSTANCE, MAGIC, paddingAt, type V8, v8 } from "./structured-wire.ts";

/** Buffers below this are copied out, so that a few bytes do not keep a whole payload in memory. */
const COPY_BELOW_BYTES = 1024 * 1024;

/**
 * The payload, from bytes that may be anything.
 *
 * @throws {@link DecodeError}, {@link DecodeLimitError}, {@link NewerPayloadError}, {@link UndeclaredClassError}
 */
export function decodeStructured(bytes: Uint8Array, limits: DecodeLimits, classes: readonly ClassCodec[]): unknown {
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

/** A deserializer that lays views over the segments, and makes instances through their codecs. */
function createStructuredReader(
  body: Uint8Array,
  segments: readonly Uint8Array[],
  classes: readonly ClassCodec[],
): InstanceType<V8["Deserializer"]> & { readonly codecFailure: unknown } {
  const { Deserializer } = v8();
  const buffers = new Map<number, { readonly buffer: ArrayBuffer; readonly start: number }>();

  /** A buffer of its own where an ArrayBuffer itself is asked for, or where it is small. */
  const bufferOf = (index: number, own: boolean): { readonly buffer: ArrayBuffer; readonly start: number } => {
    const segment = segments[index];
    if (segment === undefined) throw new Error(`refers to buffer ${index} of ${segments.length}`);
    const known = buffers.get(index);
    if (known !== undefined && !(own && known.buffer.byteLength !== segment.length)) return known;
    const aligned = segment.byteOffset % 8 === 0;
    const shared = !own && aligned && segment.length >= COPY_BELOW_BYTES;
    const found = shared
      ? { buffer: segment.buffer as ArrayBuffer, start: segment.byteOffset }
      : { buffer: new Uint8Array(segment).buffer, start: 0 };
    buffers.set(index, found);
    return found;
  };

  class Reader extends Deserializer {
    codecFailure: unknown;

    // A name that Node calls.
    _readHostObject(): unknown {
      const kind = this.readUint32();
      if (kind === INSTANCE) return this.#readInstance();
      const segment = this.readUint32();
      const offset = this.readDouble();
      const length = this.readDouble();
      const name = VIEW_KINDS[kind];
      if (name === undefined) throw new Error(`has the unknown kind ${kind} of array`);
      const { buffer, start } = bufferOf(segment, name === "ArrayBuffer");
      return createView(name, buffer, start + offset, length);
    }

    #readInstance(): unknown {
      const name: unknown = this.readValue();
      const encoded: unknown = this.readValue();
      const codec = classes.find((candidate) => candidate.name === name);
      try {
        if (codec === undefined) throw new UndeclaredClassError(String(name));
        return codec.decode(encoded);
      } catch (error) {
        this.codecFailure = error;
        throw error;
      }
    }
  }
  return new Reader(body);
}

function createView(name: (typeof VIEW_KINDS)[number], buffer: ArrayBuffer, offset: number, length: number): unknown {
  if (name === "ArrayBuffer") return buffer;
  if (name === "Buffer") return Buffer.from(buffer, offset, length);
  const View = (
    globalThis as unknown as Record<
      string,
      (new (buffer: ArrayBuffer, offset: number, length: number) => unknown) | undefined
    >
  )[name];
  if (View === undefined) throw new Error(`has a ${name}, which this runtime does not know`);
  return new View(buffer, offset, length);
}
