import { PersistableError } from "./persistable-error.ts";
import { visibleLine } from "./visible-text.ts";

/**
 * An operation needs a payload in memory, and there is none. Remedy: `generate()`, `load()` or
 * `await persistable.payload` first.
 *
 * @example
 * ```ts
 * import { NoPayloadError } from "persistable-ts";
 * import { points } from "./pipeline.ts";
 *
 * try {
 *   await points.persist();
 * } catch (error) {
 *   if (!(error instanceof NoPayloadError)) throw error;
 *   await points.generate();
 * }
 * ```
 */
export class NoPayloadError extends PersistableError {
  override readonly code = "PERSISTABLE_NO_PAYLOAD" as const;
  readonly payloadName: string;

  constructor(payloadName: string, operation: string) {
    super(
      `${operation} needs a payload of ${visibleLine(payloadName)} in memory, and there is none. Call generate(), load() or loadOrGenerate() first.`,
    );
    this.payloadName = payloadName;
  }
}

/**
 * A payload is not valid. Your `validate` (or `validatePayload`) throws this; then nothing is
 * persisted and the earlier payload stays. Any other error that it throws becomes the `cause` of an
 * error of this class.
 *
 * @example
 * ```ts
 * import { definePersistable, InvalidPayloadError, typedParams } from "persistable-ts";
 *
 * definePersistable({
 *   name: "points",
 *   params: typedParams<{ n: number }>(),
 *   generate: ({ params }) => new Float64Array(params.n),
 *   validate: (payload, { params }) => {
 *     if (payload.length !== params.n) throw new InvalidPayloadError(`expected ${params.n} points`);
 *   },
 * });
 * ```
 */
export class InvalidPayloadError extends PersistableError {
  override readonly code = "PERSISTABLE_INVALID_PAYLOAD" as const;
}

/**
 * `load` found no artifact. The message says why, with values; `reason` says it as data.
 * Remedy: `loadOrGenerate()`, or `await persistable.payload`.
 *
 * @example
 * ```ts
 * import { NotPersistedError } from "persistable-ts";
 * import { points } from "./pipeline.ts";
 *
 * try {
 *   await points.load();
 * } catch (error) {
 *   if (!(error instanceof NotPersistedError)) throw error;
 *   console.error(error.reason.kind);
 * }
 * ```
 */
export class NotPersistedError extends PersistableError {
  override readonly code = "PERSISTABLE_NOT_PERSISTED" as const;
  readonly payloadName: string;
  readonly address: string;
  /** The reason, as `explain()` gives it (`MissReason`). */
  readonly reason: { readonly kind: string };

  constructor(
    payloadName: string,
    address: string,
    reason: { readonly kind: string },
    inWords: string,
    storeUrl: string,
    remedy = "Call loadOrGenerate() (or await .payload) to generate it.",
  ) {
    super(`${visibleLine(payloadName)} is not persisted in ${storeUrl} with these params: ${inWords}. ${remedy}`);
    this.payloadName = payloadName;
    this.address = address;
    this.reason = reason;
  }
}

/**
 * The artifact was made by other source code than today's, and `onSourceChange` is `"error"`.
 * Remedy: change `version` if the payload changes; otherwise say so with `persistable accept`, or
 * set `onSourceChange` to `"ignore"`.
 *
 * @example
 * ```ts
 * import { SourceChangedError } from "persistable-ts";
 * import { points } from "./pipeline.ts";
 *
 * try {
 *   await points.load();
 * } catch (error) {
 *   if (!(error instanceof SourceChangedError)) throw error;
 *   console.error(error.payloadName, error.reason.kind);
 * }
 * ```
 */
export class SourceChangedError extends PersistableError {
  override readonly code = "PERSISTABLE_SOURCE_CHANGED" as const;
  readonly payloadName: string;
  readonly address: string;
  /** The reason, as `explain()` gives it (`StaleReason`). */
  readonly reason: { readonly kind: string };

  /** @param inWords - what has changed, as a part of the message; empty if it is not known */
  constructor(payloadName: string, address: string, reason: { readonly kind: string }, inWords: string) {
    const name = visibleLine(payloadName);
    super(
      `The source code of ${name} has changed since its artifact was made${visibleLine(inWords)}, and onSourceChange is "error". ` +
        `If the payload changes with it, change the version of ${name}. If not, persistable accept ${name}/${address.slice(0, 8)} says so for this artifact, ` +
        'and onSourceChange: "ignore" for all.',
    );
    this.payloadName = payloadName;
    this.address = address;
    this.reason = reason;
  }
}

/**
 * A definition or its use is wrong: a role that is also a parameter, a name that is empty, a
 * dependency that is missing, an unknown parameter. The message says what is wrong and what to
 * write instead.
 *
 * @example
 * ```ts
 * import { definePersistable, DefinitionError } from "persistable-ts";
 *
 * try {
 *   definePersistable({ name: "", generate: () => 1 });
 * } catch (error) {
 *   if (!(error instanceof DefinitionError)) throw error;
 *   console.error(error.message);
 * }
 * ```
 */
export class DefinitionError extends PersistableError {
  override readonly code = "PERSISTABLE_DEFINITION" as const;
}

/**
 * The params do not satisfy the schema of the definition. `issues` are those of the schema, with
 * their paths.
 *
 * @example
 * ```ts
 * import { InvalidParamsError } from "persistable-ts";
 * import { gaussianPoints } from "./pipeline.ts";
 *
 * try {
 *   gaussianPoints({ n: -1 });
 * } catch (error) {
 *   if (!(error instanceof InvalidParamsError)) throw error;
 *   console.error(error.issues);
 * }
 * ```
 */
export class InvalidParamsError extends PersistableError {
  override readonly code = "PERSISTABLE_INVALID_PARAMS" as const;
  readonly payloadName: string;
  readonly issues: readonly { readonly path: string; readonly message: string }[];

  constructor(
    payloadName: string,
    issues: readonly { readonly path: string; readonly message: string }[],
    options?: ErrorOptions,
  ) {
    super(
      `The params of ${visibleLine(payloadName)} are not valid:\n${issues.map(({ path, message }) => `  ${path}: ${message}`).join("\n")}`,
      options,
    );
    this.payloadName = payloadName;
    this.issues = issues;
  }
}

/**
 * A generator waits for its own payload, directly or through the generators of others, so that none
 * of them would ever end. The message shows the cycle. Remedy: check the params of the call that
 * leads back; recursion needs a case that requests nothing.
 *
 * @example
 * ```ts
 * import { CircularWaitError } from "persistable-ts";
 * import { estimator } from "./pipeline.ts";
 *
 * try {
 *   await estimator.payload;
 * } catch (error) {
 *   if (!(error instanceof CircularWaitError)) throw error;
 *   console.error(error.cycle);
 * }
 * ```
 */
export class CircularWaitError extends PersistableError {
  override readonly code = "PERSISTABLE_CIRCULAR_WAIT" as const;
  /** The names and params of the waiting persistables; the first and the last are the same. */
  readonly cycle: readonly string[];

  constructor(cycle: readonly string[]) {
    super(
      `${cycle[0]} waits for itself: ${cycle.join(" → ")}. None of these would ever end. ` +
        "Check the params with which a generator requests another payload, and the case in which it requests none.",
    );
    this.cycle = cycle;
  }
}
