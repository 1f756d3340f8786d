import { messageOf } from "../../errors/error-kind.ts";
import { UnsupportedPayloadError } from "../../errors/format-errors.ts";
import { isOutOfResources } from "../out-of-resources.ts";
import { INLINE_BELOW_BYTES, type Segment, type StructuredPlan } from "./structured-plan.ts";
import {
  HEAD_BYTES,
  INLINE,
  INSTANCE,
  MAGIC,
  OUTSIDE,
  OUTSIDE_WHOLE,
  paddingAt,
  type Serializer,
  v8,
  WHOLE_BUFFER,
} from "./structured-wire.ts";

const MAX_BODY_BYTES = 2 ** 32 - 1;
/** Head and body are joined below this size. A larger body is not copied. */
const JOIN_BELOW_BYTES = 64 * 1024;

/** Encodes a planned payload: head and body, then each big buffer from where it lies in memory. */
export function encodeStructured(plan: StructuredPlan): readonly Uint8Array[] {
  const { body, outside } = write(plan);
  if (body.length > MAX_BODY_BYTES) {
    throw new UnsupportedPayloadError(
      "structured",
      [],
      "takes more than 4 GiB without its typed arrays",
      "Keep numbers in typed arrays, or split the payload.",
    );
  }
  const head = new Uint8Array(HEAD_BYTES + outside.length * 8);
  const view = new DataView(head.buffer);
  head.set(MAGIC);
  view.setUint32(4, body.length, true);
  view.setUint32(8, outside.length, true);
  if (outside.length === 0 && body.length < JOIN_BELOW_BYTES) return [Buffer.concat([head, body])];
  const chunks: Uint8Array[] = [head, body];
  let end = head.length + body.length;
  for (const [i, { pieces, sizeBytes }] of outside.entries()) {
    view.setBigUint64(HEAD_BYTES + i * 8, BigInt(sizeBytes), true);
    const padding = paddingAt(end);
    if (padding > 0) chunks.push(new Uint8Array(padding));
    for (const piece of pieces) chunks.push(piece);
    end += padding + sizeBytes;
  }
  return chunks;
}

function write(plan: StructuredPlan): ReturnType<typeof writeStructured> {
  try {
    return writeStructured(plan);
  } catch (error) {
    if (isOutOfResources(error)) throw error;
    throw new UnsupportedPayloadError(
      "structured",
      [],
      `cannot be serialized by V8 (${messageOf(error)})`,
      isV8Missing(error)
        ? "This runtime lacks that part of node:v8 (Bun does): use json(), msgpack() or table() as the format."
        : "Give plain data.",
    );
  }
}

/**
 * Whether the runtime has no serializer of V8. Bun has the module, but its serializer only throws.
 */
function isV8Missing(error: unknown): boolean {
  return "Bun" in globalThis || /not (?:yet )?implemented/i.test(messageOf(error));
}

interface Writer extends Serializer {
  plan: StructuredPlan;
  /** Segments that lie outside of the body, in the order of the file. */
  readonly outside: Segment[];
}

let writerClass: (new () => Writer) | undefined;

/**
 * Defines the class once: to define it for each payload would take longer than to write a small
 * payload.
 */
function defineWriter(): new () => Writer {
  return class extends v8().Serializer {
    plan!: StructuredPlan;
    readonly outside: Segment[] = [];
    readonly #numbers = new Map<Segment, number>();

    constructor() {
      super();
      (
        this as unknown as { _setTreatArrayBufferViewsAsHostObjects(treat: boolean): void }
      )._setTreatArrayBufferViewsAsHostObjects(true);
    }

    // Node's serializer calls this method, so its name is fixed.
    _writeHostObject(object: object): void {
      const reference = this.plan.references.get(object);
      if (reference === undefined) throw new Error("an array that was not planned");
      if (typeof reference === "number") {
        this.writeUint32(INSTANCE);
        this.writeUint32(reference);
        return;
      }
      this.writeUint32(reference.kind);
      this.#writeSegment(reference.segment);
      if (reference.kind === WHOLE_BUFFER) return;
      writeSize(this, reference.offset);
      writeSize(this, reference.length);
    }

    #writeSegment(segment: Segment): void {
      const known = this.#numbers.get(segment);
      const number = known ?? this.#numbers.size;
      this.writeUint32(number);
      if (known !== undefined) return;
      this.#numbers.set(segment, number);
      if (segment.sizeBytes < INLINE_BELOW_BYTES) {
        this.writeUint32(INLINE);
        this.writeUint32(segment.sizeBytes);
        for (const piece of segment.pieces) this.writeRawBytes(piece);
      } else {
        this.writeUint32(segment.isWhole ? OUTSIDE_WHOLE : OUTSIDE);
        this.outside.push(segment);
      }
    }
  };
}

function writeSize(writer: Serializer, size: number): void {
  writer.writeUint64(Math.floor(size / 2 ** 32), size >>> 0);
}

/**
 * Encodes the body, and collects the segments outside of it. Instances are written first, one after
 * the other, so that neither writing nor reading them nests.
 */
function writeStructured(plan: StructuredPlan): { readonly body: Buffer; readonly outside: readonly Segment[] } {
  writerClass ??= defineWriter();
  const writer = new writerClass();
  writer.plan = plan;
  writer.writeHeader();
  const names = [...new Set(plan.instances.map(({ name }) => name))];
  writer.writeUint32(names.length);
  for (const name of names) writer.writeValue(name);
  writer.writeUint32(plan.instances.length);
  for (const { name, encoded } of plan.instances) {
    writer.writeUint32(names.indexOf(name));
    writer.writeValue(encoded);
  }
  writer.writeValue(plan.value);
  return { body: writer.releaseBuffer(), outside: writer.outside };
}
