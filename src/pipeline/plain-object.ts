/**
 * Whether the value is a plain object. Tables and comparisons go into the keys of plain objects,
 * and take an instance of a class as one value.
 */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
