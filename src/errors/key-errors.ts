import { PersistableError } from "./persistable-error.ts";

/**
 * A key does not open an encrypted payload, is none, or was not given. Nothing is damaged, and nothing is generated anew because of it. No key is in the message.
 * Remedy: the message says which format, and what to give it.
 */
export class WrongKeyError extends PersistableError {
  override readonly code = "PERSISTABLE_WRONG_KEY" as const;
  /** The format that the key is for: `encrypted(json)`. */
  readonly format: string;

  /**
   * @param problem what is wrong, without any key, as in "no identity was given"
   * @param remedy what to do
   */
  constructor(format: string, problem: string, remedy: string) {
    super(`The keys for ${format} do not serve: ${problem}. ${remedy}`);
    this.format = format;
  }
}
