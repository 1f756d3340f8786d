const LONGEST = 40;

/** A short description of a value, for the message of an error. */
export function describeCell(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "string")
    return `the text ${JSON.stringify(value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value)}`;
  if (value === null || value === undefined || typeof value === "boolean") return String(value);
  if (typeof value !== "object") return `a ${typeof value}`;
  if (Array.isArray(value)) return "an array";
  const prototype: { constructor?: { name?: string } } | null = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype
    ? "an object"
    : `an instance of ${prototype.constructor?.name ?? "a class without a name"}`;
}
