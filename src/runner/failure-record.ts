import type { Address } from "../address/address.ts";
import { failurePath } from "../artifact/layout/artifact-paths.ts";
import type { DescribedError } from "../errors/described-error.ts";
import { NewerRecordError } from "../errors/record-errors.ts";
import { isAnonymous } from "../persistable/declare/declaration.ts";
import type { State } from "../persistable/declare/state.ts";
import { stateOf } from "../persistable/declare/state-of.ts";
import type { AnyPersistable } from "../persistable/persistable.ts";
import { encodeParamsTree } from "../record/encode-params-tree.ts";
import { isAmount, isCount, isFields, isText, isTime, type JsonFields } from "../util/json/checks.ts";
import { describedErrorOf, readNote } from "./read-note.ts";

/**
 * The note of a failure: the recipe that was tried, and the error. It is a file beside the
 * artifacts and never replaces one. The next success removes it.
 *
 * @example
 * ```ts
 * import { readFailure } from "persistable-ts/pipeline";
 * import { estimator } from "./pipeline.ts";
 *
 * const failure = await readFailure(estimator);
 * failure?.error.message; // "singular matrix"
 * failure?.failedAt;      // "2026-11-23T10:00:00.000Z"
 * ```
 */
export interface FailureRecord {
  readonly failure: 1;
  readonly name: string;
  readonly address: Address;
  /** The params tree, encoded as in a record. */
  readonly params: unknown;
  readonly dependencies: unknown;
  readonly error: DescribedError;
  readonly attempts: number;
  /** ISO 8601 */
  readonly failedAt: string;
  readonly durationMs: number;
  readonly runId: string;
  readonly pid: number;
}

/** Returns `undefined` if the note cannot be written: that must not hide the failure itself. */
export async function writeFailure(
  state: State,
  failure: {
    readonly error: DescribedError;
    readonly attempts: number;
    readonly durationMs: number;
    readonly runId: string;
  },
): Promise<string | undefined> {
  const { recipe, surroundings } = state;
  const { params, dependencies } = encodeParamsTree(recipe);
  const record: FailureRecord = {
    failure: 1,
    name: recipe.name,
    address: recipe.address,
    params,
    dependencies,
    error: isAnonymous(state.declaration) ? withoutStacks(failure.error) : failure.error,
    attempts: failure.attempts,
    failedAt: new Date().toISOString(),
    durationMs: Math.round(failure.durationMs),
    runId: failure.runId,
    pid: process.pid,
  };
  const path = failurePath(recipe.name, recipe.address);
  try {
    if (isNewer(await readNote(surroundings.store, path))) return undefined;
    await surroundings.store.replace(path, [Buffer.from(`${JSON.stringify(record, undefined, 2)}\n`)], {
      durable: false,
    });
    return path;
  } catch {
    return undefined;
  }
}

/** Stacks name the folders of a machine. */
export function withoutStacks({ stack: _, cause, errors, ...error }: DescribedError): DescribedError {
  return {
    ...error,
    ...(cause === undefined ? {} : { cause: withoutStacks(cause) }),
    ...(errors === undefined ? {} : { errors: errors.map(withoutStacks) }),
  };
}

/** A success makes the note of an earlier failure obsolete. */
export async function forgetFailure(state: State): Promise<void> {
  const { store } = state.surroundings;
  const path = failurePath(state.recipe.name, state.recipe.address);
  try {
    // Usually there is no note. This check is fast, since it does not use the thread pool.
    if (store.sync?.exists?.(path) === false) return;
    if (!isNewer(await readNote(store, path))) await store.remove(path);
  } catch {
    // The note stays: its time says that the failure was before the artifact.
  }
}

/**
 * The note of the last failure of a persistable in a run; `undefined` if it did not fail, if it was
 * generated since, or if the note is damaged. Nothing in its text moves a cursor.
 *
 * @throws {@link NewerRecordError} if a newer release wrote it; a StoreError if the store cannot be
 * read
 *
 * @example
 * ```ts
 * import { readFailure } from "persistable-ts/pipeline";
 * import { estimator } from "./pipeline.ts";
 *
 * const failure = await readFailure(estimator);
 * if (failure !== undefined) console.log(failure.error.message, failure.attempts, failure.failedAt);
 * ```
 */
export async function readFailure(persistable: AnyPersistable): Promise<FailureRecord | undefined> {
  const { recipe, surroundings } = stateOf(persistable, "What readFailure was given");
  const path = failurePath(recipe.name, recipe.address);
  const fields = await readNote(surroundings.store, path);
  if (isNewer(fields))
    throw new NewerRecordError(path, fields.failure, `version ${fields.failure} of a record of a failure`);
  return fields === undefined ? undefined : parseFailure(fields, recipe.address);
}

/** A note of a newer release is left alone: only that release knows its meaning and its end. */
function isNewer(fields: JsonFields | undefined): fields is JsonFields {
  return typeof fields?.failure === "number" && fields.failure > FAILURE_VERSION;
}

const FAILURE_VERSION = 1;

/** Returns `undefined` for a note that is damaged, or that is about another artifact. */
function parseFailure(fields: JsonFields, address: Address): FailureRecord | undefined {
  const error = describedErrorOf(fields.error);
  const { failure, name, params, dependencies, attempts, failedAt, durationMs, runId, pid } = fields;
  if (failure !== 1 || fields.address !== address || error === undefined) return undefined;
  if (!isText(name) || !isText(runId) || !isTime(failedAt) || !isAmount(durationMs)) return undefined;
  if (!isCount(attempts) || !isCount(pid) || !isFields(params) || !isFields(dependencies)) return undefined;
  return { failure, name, address, params, dependencies, error, attempts, failedAt, durationMs, runId, pid };
}
