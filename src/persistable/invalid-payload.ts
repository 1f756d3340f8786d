import { InvalidPayloadError } from "../errors/persistable-errors.ts";
import { visibleLine } from "../errors/visible-text.ts";
import { redactionOf } from "./redaction.ts";
import type { State } from "./state.ts";
import { tellAtOnce } from "./tell-at-once.ts";

/** What a validator threw, as the error that callers expect. */
export function invalidPayload(state: State, error: unknown): InvalidPayloadError {
  const redaction = redactionOf(state);
  const { message } = redaction.error(error);
  if (error instanceof InvalidPayloadError) return error;
  return new InvalidPayloadError(`The payload of ${visibleLine(state.node.name)} is not valid: ${message}`, {
    cause: redaction.cause(error),
  });
}

/** A payload that is kept although it is invalid. */
export function warnOfInvalid(state: State, error: unknown): void {
  const { message } = redactionOf(state).error(invalidPayload(state, error));
  process.emitWarning(message, { type: "InvalidPayloadWarning", code: "PERSISTABLE_INVALID_PAYLOAD" });
  tellAtOnce(state, { type: "invalid", error });
}
