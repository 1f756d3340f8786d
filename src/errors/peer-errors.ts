import { PersistableError } from "./persistable-error.ts";

/**
 * A required library is not installed. Remedy: run the npm command in the message.
 *
 * @example
 * ```ts
 * // Drawing a run in the terminal needs log-update, which is not installed: npm install log-update
 * ```
 */
export class MissingPeerError extends PersistableError {
  override readonly code = "PERSISTABLE_MISSING_PEER" as const;
  /** The name of the package on npm. */
  readonly packageName: string;

  constructor(purpose: string, packageName: string, options?: ErrorOptions) {
    super(`${purpose} needs ${packageName}, which is not installed: npm install ${packageName}`, options);
    this.packageName = packageName;
  }
}
