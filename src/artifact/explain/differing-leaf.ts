import { encodeCanonical } from "../../canonical/encode-canonical.ts";
import { isInput } from "./describe-input.ts";

/** The first place at which two values differ, and what each of them has there. */
export interface DifferingLeaf {
  readonly path: readonly (string | number)[];
  /** The first value's part at the path; absent if it has nothing there. */
  readonly value?: unknown;
  /** The part at the path in the nearest artifact's value; absent if it has nothing there. */
  readonly nearestValue?: unknown;
}

/** Finds the first place at which the two values of a change differ, where both exist. */
export function leafOf(change: Omit<DifferingLeaf, "path">): DifferingLeaf {
  const hasBoth = "value" in change && "nearestValue" in change;
  return hasBoth ? differingLeaf(change.value, change.nearestValue) : { ...change, path: [] };
}

function differingLeaf(value: unknown, nearestValue: unknown): DifferingLeaf {
  const whole = { path: [], value, nearestValue };
  if (!isContainer(value) || !isContainer(nearestValue)) return whole;
  if (Array.isArray(value) !== Array.isArray(nearestValue)) return whole;
  // A digest tells people nothing: the whole value also has the name of the file.
  if (isInput(value) || isInput(nearestValue)) return whole;
  for (const key of new Set([...Object.keys(value), ...Object.keys(nearestValue)])) {
    const step = Array.isArray(value) ? Number(key) : key;
    const mine: unknown = Reflect.get(value, key);
    const theirs: unknown = Reflect.get(nearestValue, key);
    if (!Object.hasOwn(nearestValue, key)) return { path: [step], value: mine };
    if (!Object.hasOwn(value, key)) return { path: [step], nearestValue: theirs };
    if (isSame(mine, theirs)) continue;
    const inner = differingLeaf(mine, theirs);
    return { ...inner, path: [step, ...inner.path] };
  }
  return whole;
}

/** Whether it is a list or a plain object, which is looked into. */
function isContainer(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}

function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object") return false;
  try {
    return Buffer.compare(encodeCanonical(a), new Uint8Array(encodeCanonical(b))) === 0;
  } catch {
    // Instances of classes are not taken apart here.
    return false;
  }
}

const MAX_LENGTH = 60;
const BEFORE = 20;

/** Cuts two long texts around their first difference, so that people see it. */
export function aroundDifference(a: string, b: string): readonly [string, string] {
  if (a.length <= MAX_LENGTH && b.length <= MAX_LENGTH) return [a, b];
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  const start = at > BEFORE + 10 ? at - BEFORE : 0;
  const cut = (text: string): string => {
    const end = start + MAX_LENGTH - 2;
    return `${start > 0 ? "…" : ""}${text.slice(start, end)}${end < text.length ? "…" : ""}`;
  };
  return [cut(a), cut(b)];
}
