const SAYINGS = ["call stack", "allocation failed", "out of memory", "Invalid string length", "Stack overflow"];
const CODES = ["MEM", "ALLOC", "ERR_STRING_TOO_LONG"];

/** Whether an error says that values nest deeper than the stack goes. */
export function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && error.message.includes("call stack");
}

/** Whether an error says that memory or stack ran out here and now, and nothing about the bytes. Without regular expressions, which need stack themselves. */
export function isOutOfResources(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === "string" && CODES.some((part) => code.toUpperCase().includes(part))) return true;
  const isKind = error instanceof RangeError || error instanceof SyntaxError;
  return isKind && typeof message === "string" && SAYINGS.some((saying) => message.includes(saying));
}
