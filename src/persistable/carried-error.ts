import { PersistableError } from "../errors/persistable-error.ts";

/** An error on its way between threads: structured clone would lose its name and its fields. */
export type CarriedError =
  | { readonly kind: "error"; readonly fields: ErrorFields; readonly cause?: CarriedError }
  | { readonly kind: "value"; readonly value: unknown };

interface ErrorFields {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Its own fields that can be cloned, `code` among them. */
  readonly own: Readonly<Record<string, unknown>>;
}

const MAX_CAUSES = 20;

/** What was thrown, whatever it is. */
export function carryError(thrown: unknown, depth = 0): CarriedError {
  if (!(thrown instanceof Error)) return { kind: "value", value: isCloneable(thrown) ? thrown : String(thrown) };
  const own = Object.fromEntries(
    Object.entries(thrown).filter(([key, value]) => !STANDARD.has(key) && isCloneable(value)),
  );
  // On classes of the platform (DOMException) it is no field of its own.
  const { code } = thrown as { readonly code?: unknown };
  if (code !== undefined && isCloneable(code)) own.code = code;
  const { name, message, stack } = thrown;
  const fields = {
    name: String(name),
    message: String(message),
    stack: stack === undefined ? undefined : `${stack}`,
    own,
  };
  const hasCause = thrown.cause !== undefined && depth < MAX_CAUSES;
  return hasCause ? { kind: "error", fields, cause: carryError(thrown.cause, depth + 1) } : { kind: "error", fields };
}

/** The error again, on the other side. */
export function restoreError(carried: CarriedError): unknown {
  if (carried.kind === "value") return carried.value;
  const { name, message, stack, own } = carried.fields;
  const options = carried.cause === undefined ? undefined : { cause: restoreError(carried.cause) };
  const error = isOurs(own.code)
    ? new RestoredError(own.code, message, options)
    : new (BUILT_IN.get(name) ?? Error)(message, options);
  const hidden = { configurable: true, writable: true, enumerable: false };
  if (error.name !== name) Object.defineProperty(error, "name", { value: name, ...hidden });
  if (stack !== undefined) Object.defineProperty(error, "stack", { value: stack, ...hidden });
  return Object.assign(error, own);
}

function isOurs(code: unknown): code is PersistableError["code"] {
  return typeof code === "string" && code.startsWith("PERSISTABLE_");
}

/** An error of this library, by its code: its class was left behind. */
class RestoredError extends PersistableError {
  override readonly code: PersistableError["code"];

  constructor(code: PersistableError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const STANDARD = new Set(["name", "message", "stack", "cause"]);

const BUILT_IN = new Map<string, ErrorConstructor>(
  [TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError].map((builtIn) => [
    builtIn.name,
    builtIn as ErrorConstructor,
  ]),
);

function isCloneable(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return typeof value !== "function" && typeof value !== "symbol";
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
