import { InvalidPayloadError } from "../../errors/persistable-errors.ts";
import { withPayload } from "../../errors/unpersisted.ts";
import { visibleLine } from "../../errors/visible-text.ts";
import type { HookContext } from "../declare/hooks.ts";
import type { State } from "../declare/state.ts";
import { emitNow } from "../log/emit-now.ts";
import { redactionOf } from "../secrets/redaction.ts";

/**
 * Turns the error that a validator has thrown into the error that callers expect, with the payload.
 */
export function invalidPayload(state: State, error: unknown, payload: unknown): InvalidPayloadError {
  const redaction = redactionOf(state);
  const { message } = redaction.error(error);
  if (error instanceof InvalidPayloadError) return withPayload(error, payload);
  const said = `The payload of ${visibleLine(state.recipe.name)} is not valid: ${message}`;
  return withPayload(new InvalidPayloadError(said, { cause: redaction.cause(error) }), payload);
}

/** Warns of a payload that is kept although it is invalid. */
export function warnOfInvalid(state: State, error: unknown, payload: unknown): void {
  const { message } = redactionOf(state).error(invalidPayload(state, error, payload));
  process.emitWarning(message, { type: "InvalidPayloadWarning", code: "PERSISTABLE_INVALID_PAYLOAD" });
  emitNow(state, { type: "invalid", error });
}

/** Validates a payload that was not loaded just now. */
export async function validateGenerated(
  state: State,
  payload: unknown,
  context: HookContext<unknown, unknown>,
): Promise<void> {
  try {
    await state.hooks.validatePayload(payload, context);
  } catch (error) {
    throw invalidPayload(state, error, payload);
  }
}
