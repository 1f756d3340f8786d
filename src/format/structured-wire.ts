import { UndeclaredClassError } from "../errors/format-errors.ts";
import type { ClassCodec } from "../util/class-codec.ts";
import { type StructuredPlan, VIEW_KINDS } from "./structured-plan.ts";

type V8 = typeof import("node:v8");

let loaded: V8 | undefined;

/** Node's serialization, asked for when it is needed. */
export function v8(): V8 {
  loaded ??= globalThis.process?.getBuiltinModule?.("node:v8");
  if (loaded === undefined)
    throw new Error("The format structured needs Node's v8 module, which this runtime does not offer.");
  return loaded;
}

const INSTANCE = 255;
/** Buffers below this are copied out, so that a few bytes do not keep a whole payload in memory. */
const COPY_BELOW_BYTES = 1024 * 1024;

/** A serializer that writes binary content as references to the plan's segments, and instances through their codecs. */
export function createStructuredWriter(plan: StructuredPlan): InstanceType<V8["Serializer"]> {
  const { Serializer } = v8();
  class Writer extends Serializer {
    // Names that Node calls.
    _writeHostObject(object: ArrayBufferView): void {
      const instance = plan.instances.get(object);
      if (instance !== undefined) {
        this.writeUint32(INSTANCE);
        this.writeValue(instance.name);
        this.writeValue(instance.encoded);
        return;
      }
      const view = plan.views.get(object);
      if (view === undefined) throw new Error("an array that was not planned");
      this.writeUint32(view.kind);
      this.writeUint32(view.segment);
      this.writeDouble(view.offset);
      this.writeDouble(view.length);
    }
  }
  const writer = new Writer();
  (
    writer as unknown as { _setTreatArrayBufferViewsAsHostObjects(treat: boolean): void }
  )._setTreatArrayBufferViewsAsHostObjects(true);
  return writer;
}

/** The inverse. */
export function createStructuredReader(
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
