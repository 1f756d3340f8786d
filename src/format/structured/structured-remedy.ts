import { UnsupportedPayloadError } from "../../errors/format-errors.ts";
import { planStructured } from "./plan-structured.ts";

export const KEPT_BY_STRUCTURED = "Use structured(), the default, which keeps it.";

/**
 * What to do about a value that another format refuses: `structured()` where that holds it, and otherwise what
 * `structured()` itself advises. A hint that names a format which refuses the same value would lead nowhere.
 */
export function remedyFor(value: unknown): string {
  try {
    planStructured(value, []);
    return KEPT_BY_STRUCTURED;
  } catch (error) {
    if (error instanceof UnsupportedPayloadError) return error.suggestion;
    throw error;
  }
}

/** What an object is, by its prototype: "is an instance of Map". */
export function describeInstance(prototype: object | null): string {
  if (prototype === null) return "is an object without a prototype";
  const { constructor: made }: { constructor?: { name?: unknown } } = prototype;
  const name = made?.name;
  if (typeof name === "string" && name !== "") return `is an instance of ${name}`;
  return Symbol.asyncIterator in prototype ? "is an async generator" : "is an instance of a class without a name";
}
