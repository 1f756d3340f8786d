import type { Address } from "../address/address.ts";
import { artifactFolder } from "../artifact/layout/record-path.ts";
import type { DescribedError } from "../errors/described-error.ts";
import { NewerRecordError } from "../errors/record-errors.ts";
import type { State } from "../persistable/declare/state.ts";
import { stateKey } from "../persistable/declare/state.ts";
import type { AnyPersistable } from "../persistable/persistable.ts";
import { encodeParamsTree } from "../record/encode-params-tree.ts";
import type { StorePath } from "../store/store.ts";
import {
  describedErrorOf,
  isAmount,
  isCount,
  isFields,
  isText,
  isTime,
  type NoteFields,
  readNote,
} from "./read-note.ts";

/**
 * What is kept of a failure, beside the artifacts and never in the place of one: what was tried, and what happened. The next success
 * removes it.
 *
 * @example
 * ```ts
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

/** Of one failure; `undefined` where the file could not be written, which must not hide the failure itself. */
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
    error: failure.error,
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

/** A success takes the place of the failures before it. */
export async function forgetFailure(state: State): Promise<void> {
  const { store } = state.surroundings;
  const path = failurePath(state.recipe.name, state.recipe.address);
  try {
    // Mostly there is none, and to see that takes no trip through the thread pool.
    if (store.sync?.exists?.(path) === false) return;
    if (!isNewer(await readNote(store, path))) await store.remove(path);
  } catch {
    // It will be told as it is: a failure before the artifact was made.
  }
}

/**
 * How a persistable failed the last time that a run tried to generate it; `undefined` where it did
 * not, or has been generated since, and where the note is damaged. Nothing in its text moves a
 * cursor.
 *
 * @throws {@link NewerRecordError} where a newer release wrote it; a StoreError where the store
 * cannot be read.
 */
export async function readFailure(persistable: AnyPersistable): Promise<FailureRecord | undefined> {
  const { recipe, surroundings } = (persistable as AnyPersistable & { readonly [stateKey]: State })[stateKey];
  const path = failurePath(recipe.name, recipe.address);
  const fields = await readNote(surroundings.store, path);
  if (isNewer(fields))
    throw new NewerRecordError(path, fields.failure, `version ${fields.failure} of a record of a failure`);
  return fields === undefined ? undefined : parseFailure(fields, recipe.address);
}

/** Such a note is left where it is: what it says, and when it is over, only that release knows. */
function isNewer(fields: NoteFields | undefined): fields is NoteFields {
  return typeof fields?.failure === "number" && fields.failure > FAILURE_VERSION;
}

const FAILURE_VERSION = 1;

/** Damaged, or of somebody else: it was only ever a note. */
function parseFailure(fields: NoteFields, address: Address): FailureRecord | undefined {
  const error = describedErrorOf(fields.error);
  const { failure, name, params, dependencies, attempts, failedAt, durationMs, runId, pid } = fields;
  if (failure !== 1 || fields.address !== address || error === undefined) return undefined;
  if (!isText(name) || !isText(runId) || !isTime(failedAt) || !isAmount(durationMs)) return undefined;
  if (!isCount(attempts) || !isCount(pid) || !isFields(params) || !isFields(dependencies)) return undefined;
  return { failure, name, address, params, dependencies, error, attempts, failedAt, durationMs, runId, pid };
}

function failurePath(name: string, address: Address): StorePath {
  return `${artifactFolder(name)}/${address}.failed.json` as StorePath;
}
