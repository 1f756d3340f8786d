import { PersistableError } from "../../errors/persistable-error.ts";
import { asText, isErrorLike, tryGet, tryKeys } from "../secrets/describe-thrown.ts";

/** An error on its way between threads. Structured clone would lose its name and its fields. */
export type CarriedError =
  | {
      readonly kind: "error";
      readonly fields: ErrorFields;
      readonly cause?: CarriedError;
      readonly errors?: readonly CarriedError[];
    }
  | { readonly kind: "value"; readonly value: unknown };

interface ErrorFields {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Its own fields that can be cloned, `code` among them. */
  readonly own: Readonly<Record<string, unknown>>;
}

const MAX_CAUSES = 20;
/** The number of errors that are carried of an AggregateError. */
const MAX_ERRORS = 20;

/**
 * Turns any thrown value into data for another thread. Nothing in the value can make this throw.
 */
export function carryError(thrown: unknown, depth = 0): CarriedError {
  if (!isErrorLike(thrown)) return { kind: "value", value: isCloneable(thrown) ? thrown : asText(thrown) };
  // Classes of the platform, such as DOMException, do not have the code as an own field.
  const own = [...tryKeys(thrown), "code"].flatMap((key) => {
    const value = STANDARD.has(key) ? undefined : tryGet(thrown, key);
    return value !== undefined && isCloneable(value) ? [[key, value] as const] : [];
  });
  const [name, message, stack, cause] = CARRIED.map((key) => tryGet(thrown, key));
  const errors = tryGet(thrown, "errors");
  return {
    kind: "error",
    fields: {
      name: asText(name ?? "Error"),
      message: asText(message ?? ""),
      stack: stack === undefined ? undefined : asText(stack),
      own: Object.fromEntries(own),
    },
    ...(cause === undefined || depth >= MAX_CAUSES ? {} : { cause: carryError(cause, depth + 1) }),
    ...(!Array.isArray(errors) || depth > 0
      ? {}
      : { errors: errors.slice(0, MAX_ERRORS).map((error) => carryError(error, depth + 1)) }),
  };
}

const CARRIED = ["name", "message", "stack", "cause"] as const;

/** Makes the error again on the other thread. */
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
  if (carried.errors !== undefined)
    Object.defineProperty(error, "errors", { value: carried.errors.map(restoreError), ...hidden });
  return Object.assign(error, own);
}

function isOurs(code: unknown): code is PersistableError["code"] {
  return typeof code === "string" && code.startsWith("PERSISTABLE_");
}

/** An error of this library, known by its code: its class does not exist on this thread. */
class RestoredError extends PersistableError {
  override readonly code: PersistableError["code"];

  constructor(code: PersistableError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const STANDARD = new Set(["name", "message", "stack", "cause", "errors"]);

const BUILT_IN_ERRORS: readonly ErrorConstructor[] = [
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
];
const BUILT_IN = new Map(BUILT_IN_ERRORS.map((builtIn) => [builtIn.name, builtIn]));

function isCloneable(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return typeof value !== "function" && typeof value !== "symbol";
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
