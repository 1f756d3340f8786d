import { PersistableError } from "./persistable-error.ts";

/**
 * A value cannot be part of a recipe or a record: a function, a symbol, a class instance without a
 * declared encoding, a getter, a cycle. It is refused with its path, never guessed. Remedy: as the
 * message says; for class instances `defineClass`.
 *
 * @example
 * ```ts
 * import { addressOf, UnsupportedValueError } from "persistable-ts";
 *
 * try {
 *   addressOf({ name: "points", params: { retry: () => 3 }, dependencies: {} });
 * } catch (error) {
 *   if (!(error instanceof UnsupportedValueError)) throw error;
 *   console.error(error.path);
 * }
 * ```
 */
export class UnsupportedValueError extends PersistableError {
  override readonly code = "PERSISTABLE_UNSUPPORTED_VALUE" as const;
  /** The position of the value: `params.model.retry`. */
  readonly path: string;

  constructor(path: string, what: string, remedy: string, options?: ErrorOptions) {
    super(`${path} is ${what}. ${remedy}`, options);
    this.path = path;
  }
}

/**
 * A parameter looks like a credential, and params are written into records. Remedy: wrap it in
 * `secret(…)`, or name its key in `allowCredentials` if it is not one. The value itself is never
 * part of the message.
 *
 * @example
 * ```ts
 * import { CredentialInParamsError } from "persistable-ts";
 * import { pages } from "./pipeline.ts";
 *
 * try {
 *   pages({ url: "https://example.com", apiKey: "sk-live-…" });
 * } catch (error) {
 *   if (!(error instanceof CredentialInParamsError)) throw error;
 *   console.error(error.paths);
 * }
 * ```
 */
export class CredentialInParamsError extends PersistableError {
  override readonly code = "PERSISTABLE_CREDENTIAL_IN_PARAMS" as const;
  readonly paths: readonly string[];

  constructor(found: readonly { readonly path: string; readonly why: string; readonly key: string }[]) {
    const [first] = found;
    super(
      `${found.map(({ path, why }) => `${path} ${why}`).join("; ")}. Params are written into records that others can read: ` +
        `wrap it in secret(…), or say allowCredentials: [${JSON.stringify(first?.key ?? "")}] if it is not a credential.`,
    );
    this.paths = found.map(({ path }) => path);
  }
}

/**
 * Tagged JSON, as records hold it, is not well-formed, or was written by a newer release.
 *
 * @example
 * ```ts
 * import { TaggedJsonError } from "persistable-ts";
 * import { points } from "./pipeline.ts";
 *
 * try {
 *   await points.record();
 * } catch (error) {
 *   if (!(error instanceof TaggedJsonError)) throw error;
 *   console.error(error.path, error.unknownTag);
 * }
 * ```
 */
export class TaggedJsonError extends PersistableError {
  override readonly code = "PERSISTABLE_TAGGED_JSON" as const;
  readonly path: string;
  /** The tag, if this release does not know it. */
  readonly unknownTag: string | undefined;

  constructor(path: string, problem: string, options?: ErrorOptions & { readonly unknownTag?: string }) {
    super(`${path} ${problem}.`, options);
    this.path = path;
    this.unknownTag = options?.unknownTag;
  }
}

/**
 * A text is not an address. Remedy: give the 64 lower-case hexadecimal digits that
 * `persistable.address` and records show.
 *
 * @example
 * ```ts
 * import { InvalidAddressError, parseAddress } from "persistable-ts";
 *
 * try {
 *   parseAddress("3f9a1c2e");
 * } catch (error) {
 *   if (!(error instanceof InvalidAddressError)) throw error;
 *   console.error(error.message);
 * }
 * ```
 */
export class InvalidAddressError extends PersistableError {
  override readonly code = "PERSISTABLE_INVALID_ADDRESS" as const;

  constructor(text: unknown) {
    super(`${JSON.stringify(text)?.slice(0, 100)} is not an address. An address has 64 lower-case hexadecimal digits.`);
  }
}
