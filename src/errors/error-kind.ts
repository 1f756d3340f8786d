/**
 * Returns whether `value` is an error of any realm: in the VM context of a test runner, errors that
 * Node's own modules throw are not instances of this module's `Error`.
 */
export function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]";
}

/**
 * Returns whether `value` is an error of a built-in class, judged by its name since its realm may
 * differ.
 */
export function isErrorOf(kind: "RangeError" | "SyntaxError" | "TypeError", value: unknown): value is Error {
  return isError(value) && value.name === kind;
}

/** Returns the error's `code`, as Node and its libraries set it, or undefined where it has none. */
export function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}

/** Returns the error's message; any other thrown value is converted to text. */
export function messageOf(error: unknown): string {
  return isError(error) ? error.message : String(error);
}
