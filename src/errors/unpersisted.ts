import { PersistFailedError, sayUnpersisted } from "./persist-errors.ts";
import { PersistableError } from "./persistable-error.ts";

/** Quotes a user's error without secrets. */
export interface Quoted {
  error(thrown: unknown): { readonly message: string };
  cause(thrown: unknown): unknown;
}

/**
 * Returns the error to throw when a payload was generated and could not be persisted: an error of
 * the same class with the same fields, whose message says so. The original stays as it is, since
 * others may hold it too.
 */
export function unpersisted(error: unknown, payloadName: string, payload: unknown, quoted: Quoted): PersistableError {
  const { message } = quoted.error(error);
  const failure =
    error instanceof PersistableError
      ? reword(error, sayUnpersisted(payloadName, error.message))
      : new PersistFailedError(payloadName, message, { cause: quoted.cause(error) });
  return withPayload(failure, payload);
}

/** Attaches the payload that the error concerns; a frozen error is copied first. */
export function withPayload<Failure extends PersistableError>(error: Failure, payload: unknown): Failure {
  const carrier = Object.isExtensible(error) ? error : reword(error, error.message);
  Object.defineProperty(carrier, "payload", { value: payload, configurable: true, writable: true, enumerable: false });
  return carrier;
}

/**
 * Copies an error without calling the constructor of its class, whose parameters are unknown here.
 */
function reword<Failure extends PersistableError>(error: Failure, message: string): Failure {
  const copy = Reflect.construct(Error, [message], error.constructor) as Failure;
  const { message: _, stack, payload: __, ...own } = Object.getOwnPropertyDescriptors(error);
  Object.defineProperties(copy, own);
  const frames = error.stack?.slice(error.stack.indexOf("\n    at ")) ?? "";
  const hidden = { configurable: true, writable: true, enumerable: false };
  if (stack !== undefined)
    Object.defineProperty(copy, "stack", { value: `${error.name}: ${message}${frames}`, ...hidden });
  return copy;
}
