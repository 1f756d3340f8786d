import { at } from "../../util/at.ts";
import { lengthOf } from "../own-keys.ts";
import type { PlannedView, Segment } from "./structured-plan.ts";
import { VIEW_KINDS, WHOLE_BUFFER } from "./structured-wire.ts";

const VIEW_KIND_NAMES: readonly (string | undefined)[] = VIEW_KINDS;

/** The uses of one buffer in a payload. */
export interface UsedBuffer {
  readonly views: ArrayBufferView[];
  /** Whether the buffer itself is part of the payload. */
  whole: boolean;
}

/**
 * Plans which bytes of a buffer are written: all of them if the buffer itself is part of the
 * payload, otherwise only those of the views. The bytes between two views may belong to another
 * owner (Node makes small Buffers in one pool), so they are written as zeros. Views share their
 * buffer again if they overlap, or lie closer together than they are long.
 */
export function planBuffer(buffer: ArrayBuffer, { views, whole }: UsedBuffer, plan: Map<object, PlannedView>): void {
  const [only] = views;
  if (whole) {
    const segment = { pieces: [new Uint8Array(buffer)], sizeBytes: buffer.byteLength, isWhole: true };
    plan.set(buffer, { kind: WHOLE_BUFFER, segment, offset: 0, length: buffer.byteLength });
    for (const view of views) plan.set(view, planView(view, segment, 0));
  } else if (views.length === 1 && only !== undefined) planCluster([only], plan);
  else for (const cluster of clustersOf(views)) planCluster(cluster, plan);
}

function clustersOf(views: readonly ArrayBufferView[]): ArrayBufferView[][] {
  const clusters: ArrayBufferView[][] = [];
  let current: ArrayBufferView[] = [];
  let end = 0;
  let covered = 0;
  for (const view of [...views].sort((a, b) => a.byteOffset - b.byteOffset)) {
    const gap = view.byteOffset - end;
    // Small Buffers lie side by side in Node's pool by chance, so closeness does not count for
    // them.
    const belongs = gap < 0 || (gap <= covered && kindNameOf(view) !== "Buffer");
    if (current.length === 0 || !belongs) {
      current = [];
      covered = 0;
      end = view.byteOffset;
      clusters.push(current);
    }
    current.push(view);
    const viewEnd = view.byteOffset + view.byteLength;
    covered += Math.max(0, viewEnd - Math.max(end, view.byteOffset));
    end = Math.max(end, viewEnd);
  }
  return clusters;
}

/** Plans one segment for views, which are sorted by their offsets. */
function planCluster(views: readonly ArrayBufferView[], plan: Map<object, PlannedView>): void {
  const first = at(views, 0);
  // A view can only begin at a multiple of its element's size.
  const alignment = views.reduce((most, view) => Math.max(most, elementBytesOf(view)), 1);
  const start = first.byteOffset - (first.byteOffset % alignment);
  const pieces: Uint8Array[] = [];
  let from = start;
  let end = start;
  const finishPiece = (): void => {
    if (end > from) pieces.push(new Uint8Array(first.buffer, from, end - from));
  };
  for (const { byteOffset, byteLength } of views) {
    if (byteOffset > end) {
      finishPiece();
      pieces.push(new Uint8Array(byteOffset - end));
      from = byteOffset;
      end = byteOffset;
    }
    end = Math.max(end, byteOffset + byteLength);
  }
  finishPiece();
  const segment: Segment = { pieces, sizeBytes: end - start, isWhole: false };
  for (const view of views) plan.set(view, planView(view, segment, start));
}

function planView(view: ArrayBufferView, segment: Segment, start: number): PlannedView {
  return {
    kind: VIEW_KIND_NAMES.indexOf(kindNameOf(view)),
    segment,
    offset: view.byteOffset - start,
    length: lengthOf(view) ?? view.byteLength,
  };
}

function elementBytesOf(view: object): number {
  const { BYTES_PER_ELEMENT = 1 }: { BYTES_PER_ELEMENT?: number } = view;
  return BYTES_PER_ELEMENT;
}

/** Returns the kind of a view; a subclass, or a view of another realm, has none. */
export function kindNameOf(view: ArrayBufferView): (typeof VIEW_KINDS)[number] | undefined {
  return kindsByPrototype().get(Object.getPrototypeOf(view));
}

let kinds: ReadonlyMap<object, (typeof VIEW_KINDS)[number]> | undefined;

function kindsByPrototype(): ReadonlyMap<object, (typeof VIEW_KINDS)[number]> {
  if (kinds !== undefined) return kinds;
  const found = new Map<object, (typeof VIEW_KINDS)[number]>();
  for (const name of VIEW_KINDS) {
    const View: { readonly prototype: object } | undefined = Reflect.get(globalThis, name);
    if (View !== undefined) found.set(View.prototype, name);
  }
  kinds = found;
  return found;
}
