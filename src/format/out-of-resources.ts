import { codeOf, isErrorOf } from "../errors/error-kind.ts";

const SAYINGS = ["call stack", "allocation failed", "out of memory", "Invalid string length", "Stack overflow"];
const CODES = ["MEM", "ALLOC", "ERR_STRING_TOO_LONG"];

/** Whether an error says that values nest deeper than the stack goes. */
export function isStackOverflow(error: unknown): boolean {
  return isErrorOf("RangeError", error) && error.message.includes("call stack");
}

/**
 * Whether an error says that memory or stack ran out here and now, and nothing about the bytes. It
 * uses no regular expressions, which need stack themselves.
 *
 * @example
 * ```ts
 * import { DecodeError } from "persistable-ts";
 * import { isOutOfResources } from "persistable-ts/format";
 *
 * function decode(bytes: Uint8Array): unknown {
 *   try {
 *     return JSON.parse(new TextDecoder().decode(bytes));
 *   } catch (error) {
 *     if (isOutOfResources(error)) throw error; // this says nothing about the bytes
 *     throw new DecodeError("my-json", "it is not JSON", { cause: error });
 *   }
 * }
 * ```
 */
export function isOutOfResources(error: unknown): boolean {
  const code = codeOf(error);
  if (typeof code === "string" && CODES.some((part) => code.toUpperCase().includes(part))) return true;
  const isKind = isErrorOf("RangeError", error) || isErrorOf("SyntaxError", error);
  return isKind && SAYINGS.some((saying) => error.message.includes(saying));
}
