/** Smaller buffers lie among the values, larger ones as raw bytes of their own. */
export const INLINE_BELOW_BYTES = 64 * 1024;

/** A plan for serializing a payload. */
export interface StructuredPlan {
  /** The payload, or a copy of its containers in which markers replace instances and buffers. */
  readonly value: unknown;
  /** The instances, each after those that its encoding holds. */
  readonly instances: readonly PlannedInstance[];
  /**
   * For each view and marker, the part of a segment or the number of the instance that it stands
   * for.
   */
  readonly references: ReadonlyMap<object, PlannedView | number>;
}

export interface PlannedInstance {
  /** The name of the instance's class. */
  readonly name: string;
  readonly encoded: unknown;
}

export interface PlannedView {
  /** The index in VIEW_KINDS. */
  readonly kind: number;
  readonly segment: Segment;
  /** The offset in bytes from the beginning of the segment. */
  readonly offset: number;
  /** The number of elements. */
  readonly length: number;
}

/** A range of binary content that one or several views cover. */
export interface Segment {
  /** Views of the payload's own memory, and zeros between them. */
  readonly pieces: readonly Uint8Array[];
  readonly sizeBytes: number;
  /**
   * Whether a buffer itself is part of the payload, so that it must come back with exactly its
   * size.
   */
  readonly isWhole: boolean;
}
