import type { StructuredPlan } from "./structured-plan.ts";
import { HEAD_BYTES, INSTANCE, MAGIC, paddingAt, type V8, v8 } from "./structured-wire.ts";

/** The bytes of what was planned: head and body, then each buffer from where it lies. */
export function encodeStructured(plan: StructuredPlan): readonly Uint8Array[] {
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

/** A serializer that writes binary content as references to the plan's segments, and instances through their codecs. */
function createStructuredWriter(plan: StructuredPlan): InstanceType<V8["Serializer"]> {
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
