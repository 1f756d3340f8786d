/**
 * Whether something is an error, of whatever realm: in the VM context of a test runner, what Node's own modules throw is
 * not an instance of the Error that this module sees.
 */
export function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]";
}

/** Whether something is an error of a built-in class, by its name and not by its realm. */
export function isErrorOf(kind: "RangeError" | "SyntaxError" | "TypeError", value: unknown): value is Error {
  return isError(value) && value.name === kind;
}

/** What an error says; anything else that was thrown, as text. */
export function messageOf(error: unknown): string {
  return isError(error) ? error.message : String(error);
}
