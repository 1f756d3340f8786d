/** Kinds of views, by their number on the wire: only ever append. */
export const VIEW_KINDS = [
  "Int8Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
  "DataView",
  "Buffer",
  "ArrayBuffer",
  "Float16Array",
] as const;
/** What must be known before a payload is serialized. */
export interface StructuredPlan {
  /** The payload, or a copy of its containers where instances in it are replaced by markers. */
  readonly value: unknown;
  /** Markers, and what they stand for. */
  readonly instances: ReadonlyMap<object, { readonly name: string; readonly encoded: unknown }>;
  /** Binary content: which part of which segment. */
  readonly views: ReadonlyMap<object, PlannedView>;
  /** Raw bytes, views of the payload's own memory. */
  readonly segments: readonly Uint8Array[];
}

export interface PlannedView {
  /** Index in VIEW_KINDS. */
  readonly kind: number;
  readonly segment: number;
  /** In bytes, from the beginning of the segment. */
  readonly offset: number;
  /** In elements. */
  readonly length: number;
}
