import type { PreviewNode, TreePreview } from "../format/preview.ts";
import type { Room } from "./room.ts";

/**
 * Deeper values are not shown: no reader follows them, and a hostile payload may be nested without
 * end.
 */
const DEEPEST = 30;
const LONGEST_LIST = 20;

/** Previews a value of any kind. Getters are named, but not called. */
export function previewTree(value: unknown, room: Room): TreePreview {
  const cut = { isCut: false };
  const root = nodeOf(value, room, 0, cut);
  return { kind: "tree", root, isCut: cut.isCut };
}

/** A value on one line, which may be long. */
export function textOfValue(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value;
    case "bigint":
      return `${value}n`;
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "object":
      return value === null ? "null" : textOfObject(value);
    default:
      return typeof value === "function" ? "(function)" : String(value);
  }
}

function textOfObject(value: object): string {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return RegExp.prototype.toString.call(value);
  if (ArrayBuffer.isView(value)) return textOfView(value);
  try {
    return JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? `${inner}n` : inner)) ?? "";
  } catch {
    return `(${typeNameOf(value)})`;
  }
}

function textOfView(view: ArrayBufferView): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const numbers = isNumberList(view) ? view : bytes;
  const shown = Array.from({ length: Math.min(LONGEST_LIST, numbers.length) }, (_, index) => String(numbers[index]));
  return `[${shown.join(", ")}${numbers.length > LONGEST_LIST ? ", …" : ""}]`;
}

/** A typed array, as opposed to a `DataView`. */
export function isNumberList(view: ArrayBufferView): view is ArrayBufferView & ArrayLike<number | bigint> {
  return !(view instanceof DataView);
}

/** The name of the class, without running any code of it. */
export function typeNameOf(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return "object";
  const made = valueOfKey(Object(prototype), "constructor");
  const name = typeof made === "function" ? valueOfKey(made, "name") : undefined;
  return typeof name === "string" && name !== "" ? name : "object";
}

function valueOfKey(object: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(object, key)?.value;
}

interface Cut {
  isCut: boolean;
}

function nodeOf(value: unknown, room: Room, depth: number, cut: Cut): PreviewNode {
  if (typeof value !== "object" || value === null) {
    const type = value === null ? "null" : typeof value;
    return { type, text: room.text(textOfValue(value), 2000) };
  }
  const type = room.text(typeNameOf(value), 100);
  if (value instanceof Date || value instanceof RegExp) return { type, text: room.text(textOfValue(value)) };
  if (ArrayBuffer.isView(value)) {
    const childCount = isNumberList(value) ? value.length : value.byteLength;
    return { type, text: room.text(textOfView(value)), childCount };
  }
  const { count, entries } = childrenOf(value);
  if (depth >= DEEPEST) {
    cut.isCut = true;
    return { type, childCount: count };
  }
  const children: { key: string; value: PreviewNode }[] = [];
  for (const [key, child] of entries) {
    if (children.length >= room.limits.maxChildren || room.isFull) break;
    children.push({ key: room.text(key), value: nodeOf(child, room, depth + 1, cut) });
  }
  if (children.length < count) cut.isCut = true;
  return { type, children, childCount: count };
}

function childrenOf(value: object): { count: number; entries: Iterable<readonly [string, unknown]> } {
  if (value instanceof Map)
    return {
      count: value.size,
      entries: mapped(Map.prototype.entries.call(value), ([key, inner]) => [textOfValue(key), inner]),
    };
  if (value instanceof Set)
    return { count: value.size, entries: mapped(Set.prototype.values.call(value), (inner, i) => [String(i), inner]) };
  if (Array.isArray(value)) return { count: value.length, entries: elementsOf(value) };
  const keys = Object.keys(value);
  return { count: keys.length, entries: mapped(keys, (key) => [key, withoutGetter(value, key)]) };
}

function* elementsOf(array: readonly unknown[]): Generator<readonly [string, unknown]> {
  for (let index = 0; index < array.length; index++) yield [String(index), withoutGetter(array, String(index))];
}

function* mapped<From, To>(items: Iterable<From>, change: (item: From, index: number) => To): Generator<To> {
  let index = 0;
  for (const item of items) yield change(item, index++);
}

function withoutGetter(object: object, key: string): unknown {
  const { get, value } = Object.getOwnPropertyDescriptor(object, key) ?? {};
  return get === undefined ? value : "(getter)";
}
