import { UnsupportedPayloadError } from "../errors/format-errors.ts";
import type { ValuePath } from "../errors/value-path.ts";
import { type ClassCodec, findCodec } from "../util/class-codec.ts";
import { isProxy } from "../util/is-proxy.ts";
import { type PlannedView, type StructuredPlan, VIEW_KINDS } from "./structured-plan.ts";

/** Deeper payloads would overflow the stack of V8's own serialization, here or where they are read. */
const MAX_DEPTH = 500;

/**
 * Walks a payload once: refuses what would be lost silently, and plans where its binary content lies.
 *
 * @throws {@link UnsupportedPayloadError}
 */
export function planStructured(payload: unknown, classes: readonly ClassCodec[]): StructuredPlan {
  if (typeof payload !== "object" || payload === null) return planPrimitive(payload);
  return new Planner(classes).plan(payload);
}

const NOTHING: ReadonlyMap<never, never> = new Map<never, never>();

function planPrimitive(payload: unknown): StructuredPlan {
  if (typeof payload === "function" || typeof payload === "symbol")
    throw new UnsupportedPayloadError("structured", [], `is a ${typeof payload}`, BEHAVIOR);
  return { value: payload, instances: NOTHING, views: NOTHING, segments: [] };
}

const BEHAVIOR = "A payload is data: generate the data, and keep the behavior in code.";

const SMALL_VIEW_BYTES = 1024;

/** A path that shares its beginning with others. */
interface Link {
  readonly key: string | number;
  readonly above: Link | undefined;
  readonly depth: number;
}

interface Met {
  readonly object: object;
  readonly link: Link | undefined;
}

interface UsedBuffer {
  readonly views: ArrayBufferView[];
  /** The buffer itself is part of the payload. */
  whole: boolean;
}

type Types = typeof import("node:util").types;

class Planner {
  readonly #classes: readonly ClassCodec[];
  readonly #types: Types = process.getBuiltinModule("node:util").types;
  readonly #paths = new Map<object, Link | undefined>();
  /** In the order in which they were visited. */
  readonly #queue: object[] = [];
  /** Found in the object that is being looked at. */
  readonly #met: Met[] = [];
  readonly #buffers = new Map<ArrayBuffer, UsedBuffer>();
  /** Instances in the order in which they were met. */
  readonly #found = new Map<object, { readonly name: string; readonly encoded: unknown }>();

  constructor(classes: readonly ClassCodec[]) {
    this.#classes = classes;
  }

  plan(payload: object): StructuredPlan {
    // Depth first, in the order in which V8 recurses: a list of linked nodes is as deep as it is long.
    const stack: Met[] = [{ object: payload, link: undefined }];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const { object, link } = next;
      if (this.#paths.has(object)) continue;
      if (link !== undefined && link.depth > MAX_DEPTH) {
        this.#refuse(
          link,
          `is nested more than ${MAX_DEPTH} levels deep`,
          "Give a flatter payload: a list with indices in the place of links.",
        );
      }
      this.#paths.set(object, link);
      this.#queue.push(object);
      this.#look(object, link);
      while (this.#met.length > 0) stack.push(this.#met.pop() as Met);
    }
    const needsMarkers = this.#found.size > 0 || [...this.#buffers.values()].some(({ whole }) => whole);
    const { segments, views } = this.#planSegments();
    if (!needsMarkers) return { value: payload, instances: NOTHING, views, segments };
    return this.#withMarkers(payload, views, segments);
  }

  #meet(value: unknown, link: Link | undefined): void {
    if (typeof value === "function" || typeof value === "symbol") this.#refuse(link, `is a ${typeof value}`, BEHAVIOR);
    if (typeof value === "object" && value !== null && !this.#paths.has(value)) this.#met.push({ object: value, link });
  }

  #look(object: object, link: Link | undefined): void {
    if (isProxy(object)) this.#refuse(link, "is a proxy", "Give the plain object behind it.");
    const prototype: unknown = Object.getPrototypeOf(object);
    if (prototype === Object.prototype) this.#lookInside(object, link);
    else if (Array.isArray(object)) {
      this.#assertPrototype(object, Array.prototype, link);
      this.#lookInside(object, link, "length");
    } else this.#lookAtOther(object, link);
  }

  #lookInside(object: object, link: Link | undefined, hidden?: string): void {
    for (const key of Reflect.ownKeys(object)) {
      if (key === hidden) continue;
      if (typeof key === "symbol") this.#refuse(link, `has a symbol key, ${String(key)}`, "Use text keys.");
      const descriptor = Object.getOwnPropertyDescriptor(object, key);
      const isData = descriptor !== undefined && "value" in descriptor && descriptor.enumerable === true;
      const value: unknown = isData ? descriptor.value : undefined;
      if (!isData) this.#refuse(below(link, keyOf(object, key)), "is a getter, or hidden", "Give the value itself.");
      if (typeof value === "object" || typeof value === "function" || typeof value === "symbol")
        this.#meet(value, below(link, keyOf(object, key)));
    }
  }

  #lookAtOther(object: object, link: Link | undefined): void {
    const types = this.#types;
    if (types.isMap(object)) {
      this.#assertBare(object, Map.prototype, link);
      let i = 0;
      for (const [key, value] of Map.prototype.entries.call(object)) {
        this.#meet(key, below(link, `key ${i}`));
        this.#meet(value, below(link, typeof key === "string" || typeof key === "number" ? key : `value ${i}`));
        i += 1;
      }
    } else if (types.isSet(object)) {
      this.#assertBare(object, Set.prototype, link);
      let i = 0;
      for (const value of Set.prototype.values.call(object)) this.#meet(value, below(link, i++));
    } else if (types.isDate(object)) this.#assertBare(object, Date.prototype, link);
    else if (types.isRegExp(object)) this.#lookAtRegExp(object, link);
    else if (ArrayBuffer.isView(object)) this.#lookAtView(object, link);
    else if (types.isArrayBuffer(object)) {
      this.#assertBare(object, ArrayBuffer.prototype, link);
      this.#use(object as ArrayBuffer, link).whole = true;
    } else this.#lookAtInstance(object, link);
  }

  #lookAtRegExp(regExp: RegExp, link: Link | undefined): void {
    this.#assertPrototype(regExp, RegExp.prototype, link);
    if (regExp.lastIndex !== 0 || Reflect.ownKeys(regExp).length > 1)
      this.#refuse(link, "is a regular expression in use (lastIndex)", "Give a fresh one.");
  }

  #lookAtView(view: ArrayBufferView, link: Link | undefined): void {
    const name = viewKindOf(view);
    if (name === undefined) this.#refuseInstance(view, link);
    // Looking at the keys of a big array takes longer than writing it.
    if (
      view.byteLength < SMALL_VIEW_BYTES &&
      Object.keys(view).length !== ((view as { length?: number }).length ?? 0)
    ) {
      this.#refuse(link, "is an array with keys of its own", "Use an object beside it.");
    }
    if (this.#types.isSharedArrayBuffer(view.buffer))
      this.#refuse(link, "lies in shared memory, which others can change", "Give a copy: array.slice().");
    this.#use(view.buffer as ArrayBuffer, link).views.push(view);
  }

  #use(buffer: ArrayBuffer, link: Link | undefined): UsedBuffer {
    if ((buffer as { resizable?: boolean }).resizable === true)
      this.#refuse(link, "lies in a resizable buffer", "Give a copy: array.slice().");
    const used = this.#buffers.get(buffer) ?? { views: [], whole: false };
    this.#buffers.set(buffer, used);
    return used;
  }

  #lookAtInstance(object: object, link: Link | undefined): void {
    const codec = findCodec(this.#classes, object);
    if (codec === undefined) this.#refuseInstance(object, link);
    const encoded = codec.encode(object);
    this.#found.set(object, { name: codec.name, encoded });
    this.#meet(encoded, below(link, codec.name));
  }

  #assertPrototype(object: object, prototype: object, link: Link | undefined): void {
    if (Object.getPrototypeOf(object) !== prototype) this.#refuseInstance(object, link);
  }

  #assertBare(object: object, prototype: object, link: Link | undefined): void {
    this.#assertPrototype(object, prototype, link);
    const [key] = Reflect.ownKeys(object);
    if (key !== undefined) this.#refuse(link, `has a property of its own, ${String(key)}`, "Use an object beside it.");
  }

  #planSegments(): { segments: Uint8Array[]; views: Map<object, PlannedView> } {
    const segments: Uint8Array[] = [];
    const views = new Map<object, PlannedView>();
    for (const [buffer, used] of this.#buffers) {
      // Of a buffer that is only looked at through views, what they cover is kept: ten elements of a pool are not the pool.
      const start = used.whole ? 0 : Math.min(...used.views.map(({ byteOffset }) => byteOffset - (byteOffset % 8)));
      const end = used.whole
        ? buffer.byteLength
        : Math.max(...used.views.map(({ byteOffset, byteLength }) => byteOffset + byteLength));
      const segment = segments.push(new Uint8Array(buffer, start, Math.max(0, end - start))) - 1;
      for (const view of used.views) {
        const name = viewKindOf(view) as (typeof VIEW_KINDS)[number];
        views.set(view, {
          kind: VIEW_KINDS.indexOf(name),
          segment,
          offset: view.byteOffset - start,
          length: (view as { length?: number }).length ?? view.byteLength,
        });
      }
      if (used.whole)
        views.set(buffer, { kind: VIEW_KINDS.indexOf("ArrayBuffer"), segment, offset: 0, length: buffer.byteLength });
    }
    return { segments, views };
  }

  /** A copy of the containers in which instances and whole buffers are replaced by empty arrays that the writer knows. */
  #withMarkers(payload: object, planned: Map<object, PlannedView>, segments: readonly Uint8Array[]): StructuredPlan {
    const copies = new Map<object, object>();
    const instances = new Map<object, { readonly name: string; readonly encoded: unknown }>();
    const views = new Map(planned);
    const replacement = (value: unknown): unknown =>
      typeof value === "object" && value !== null ? (copies.get(value) ?? value) : value;
    for (const object of this.#queue) {
      const view = this.#types.isArrayBuffer(object) ? planned.get(object) : undefined;
      if (view !== undefined || this.#found.has(object)) {
        const marker = new Uint8Array(0);
        copies.set(object, marker);
        if (view !== undefined) views.set(marker, view);
      } else if (Array.isArray(object)) copies.set(object, new Array(object.length));
      else if (Object.getPrototypeOf(object) === Object.prototype) copies.set(object, {});
      else if (this.#types.isMap(object)) copies.set(object, new Map());
      else if (this.#types.isSet(object)) copies.set(object, new Set());
    }
    for (const [object, copy] of copies) fill(object, copy, replacement);
    for (const [object, { name, encoded }] of this.#found) {
      this.#assertNoLoop(object);
      instances.set(copies.get(object) as object, { name, encoded: replacement(encoded) });
    }
    return { value: replacement(payload), instances, views, segments };
  }

  /** An instance is made from what its encoding holds, so that cannot hold the instance itself. */
  #assertNoLoop(instance: object): void {
    const seen = new Set<object>();
    const queue: unknown[] = [this.#found.get(instance)?.encoded];
    for (const value of queue) {
      if (value === instance)
        this.#refuse(
          this.#paths.get(instance),
          "is an instance whose encoding holds the instance itself",
          "Encode a name or an index in the place of the link.",
        );
      if (typeof value !== "object" || value === null || seen.has(value)) continue;
      seen.add(value);
      const inner = this.#found.get(value);
      if (inner !== undefined) queue.push(inner.encoded);
      else if (this.#types.isMap(value)) queue.push(...[...value].flat());
      else if (this.#types.isSet(value)) queue.push(...value);
      else if (!ArrayBuffer.isView(value)) queue.push(...Object.values(value));
    }
  }

  #refuseInstance(object: object, link: Link | undefined): never {
    const prototype = Object.getPrototypeOf(object) as { constructor?: { name?: string } } | null;
    if (prototype === null) this.#refuse(link, "is an object without a prototype", "Give a plain copy: { ...object }.");
    const name = prototype.constructor?.name ?? "a class without a name";
    this.#refuse(
      link,
      `is an instance of ${name}`,
      `Declare how it is encoded: structured({ classes: [defineClass(${name}, { encode: (instance) => …, decode: (encoded) => … })] }).`,
    );
  }

  #refuse(link: Link | undefined, what: string, suggestion: string): never {
    throw new UnsupportedPayloadError("structured", pathOf(link), what, suggestion);
  }
}

function fill(object: object, copy: object, replacement: (value: unknown) => unknown): void {
  if (copy instanceof Map)
    for (const [key, value] of object as Map<unknown, unknown>) copy.set(replacement(key), replacement(value));
  else if (copy instanceof Set) for (const value of object as Set<unknown>) copy.add(replacement(value));
  else if (!ArrayBuffer.isView(copy)) {
    for (const key of Object.keys(object)) {
      const value = replacement((object as Record<string, unknown>)[key]);
      Object.defineProperty(copy, key, { value, enumerable: true, configurable: true, writable: true });
    }
  }
}

function viewKindOf(view: ArrayBufferView): (typeof VIEW_KINDS)[number] | undefined {
  const prototype: unknown = Object.getPrototypeOf(view);
  if (typeof Buffer !== "undefined" && prototype === Buffer.prototype) return "Buffer";
  const name = (prototype as { constructor?: { name?: string } } | null)?.constructor?.name ?? "";
  const known = VIEW_KINDS.find((kind) => kind === name);
  const ofThisRealm =
    known === undefined
      ? undefined
      : (globalThis as unknown as Record<string, { prototype: unknown } | undefined>)[known];
  return ofThisRealm?.prototype === prototype ? known : undefined;
}

function keyOf(object: object, key: string): string | number {
  return Array.isArray(object) ? Number(key) : key;
}

function below(above: Link | undefined, key: string | number): Link {
  return { key, above, depth: (above?.depth ?? 0) + 1 };
}

function pathOf(link: Link | undefined): ValuePath {
  const path: (string | number)[] = [];
  for (let at = link; at !== undefined; at = at.above) path.push(at.key);
  return path.reverse();
}
