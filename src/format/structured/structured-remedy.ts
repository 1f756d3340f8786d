import { UnsupportedPayloadError } from "../../errors/format-errors.ts";
import { planStructured } from "./plan-structured.ts";

export const KEPT_BY_STRUCTURED = "Use structured(), the default, which keeps it.";

/**
 * Returns the advice for a value that another format refuses: `structured()` if that holds the
 * value, and otherwise the advice of `structured()` itself. Without the test, the advice could name
 * a format that refuses the value too.
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

/** Describes an object by its prototype: "is an instance of Map". */
export function describeInstance(prototype: object | null): string {
  if (prototype === null) return "is an object without a prototype";
  const { constructor: made }: { constructor?: { name?: unknown } } = prototype;
  const name = made?.name;
  if (typeof name === "string" && name !== "") return `is an instance of ${name}`;
  return Symbol.asyncIterator in prototype ? "is an async generator" : "is an instance of a class without a name";
}
