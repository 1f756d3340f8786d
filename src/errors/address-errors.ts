import { PersistableError } from "./persistable-error.ts";

/** A text is not an address. Remedy: give the 64 lower-case hexadecimal digits that `persistable.address` and records show. */
export class InvalidAddressError extends PersistableError {
  override readonly code = "PERSISTABLE_INVALID_ADDRESS" as const;

  constructor(text: unknown) {
    super(`${JSON.stringify(text)?.slice(0, 100)} is not an address. An address has 64 lower-case hexadecimal digits.`);
  }
}
