/** Smaller buffers lie among the values, larger ones as raw bytes of their own. */
export const INLINE_BELOW_BYTES = 64 * 1024;

/** What must be known before a payload is serialized. */
export interface StructuredPlan {
  /** The payload, or a copy of its containers where instances and buffers in it are replaced by markers. */
  readonly value: unknown;
  /** Instances, each after those that its encoding holds. */
  readonly instances: readonly PlannedInstance[];
  /** What views and markers stand for: a part of a segment, or the instance of this number. */
  readonly references: ReadonlyMap<object, PlannedView | number>;
}

export interface PlannedInstance {
  /** Of its class. */
  readonly name: string;
  readonly encoded: unknown;
}

export interface PlannedView {
  /** Index in VIEW_KINDS. */
  readonly kind: number;
  readonly segment: Segment;
  /** In bytes, from the beginning of the segment. */
  readonly offset: number;
  /** In elements. */
  readonly length: number;
}

/** A stretch of binary content that one or several views look at. */
export interface Segment {
  /** Views of the payload's own memory, and zeros where no view looks. */
  readonly pieces: readonly Uint8Array[];
  readonly sizeBytes: number;
  /** A buffer itself is part of the payload, so that it must come back as one of exactly its size. */
  readonly isWhole: boolean;
}
