import { PersistableError } from "./persistable-error.ts";

/**
 * A required library is not installed. Remedy: run the npm command in the message.
 *
 * @example
 * ```ts
 * import { openDisplay } from "persistable-ts/display";
 * import { MissingPeerError } from "persistable-ts/pipeline";
 *
 * try {
 *   await openDisplay();
 * } catch (error) {
 *   if (!(error instanceof MissingPeerError)) throw error;
 *   console.error(`npm install ${error.packageName}`);
 * }
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
