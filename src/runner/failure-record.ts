import type { Address } from "../address/address.ts";
import { artifactFolder } from "../artifact/artifact-paths.ts";
import type { AnyPersistable } from "../persistable/persistable.ts";
import { createRedactor } from "../persistable/redact-secrets.ts";
import type { State } from "../persistable/state.ts";
import { stateKey } from "../persistable/state.ts";
import { encodeParamsTree } from "../record/encode-params-tree.ts";
import type { StorePath } from "../store/store.ts";
import { plainLines } from "../util/plain-lines.ts";

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

/** An error as data. */
export interface DescribedError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: DescribedError;
}

const MAX_CAUSES = 8;
const MAX_TEXT_LENGTH = 20_000;

/** Of one failure; `undefined` where the file could not be written, which must not hide the failure itself. */
export async function writeFailure(
  state: State,
  failure: { readonly error: unknown; readonly attempts: number; readonly durationMs: number; readonly runId: string },
): Promise<string | undefined> {
  const { node, surroundings, secrets } = state;
  const { params, dependencies } = encodeParamsTree(node);
  const record: FailureRecord = {
    failure: 1,
    name: node.name,
    address: node.address,
    params,
    dependencies,
    error: describeError(failure.error, createRedactor(secrets)),
    attempts: failure.attempts,
    failedAt: new Date().toISOString(),
    durationMs: Math.round(failure.durationMs),
    runId: failure.runId,
    pid: process.pid,
  };
  const path = failurePath(node.name, node.address);
  try {
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
  const { node, surroundings } = state;
  try {
    await surroundings.store.remove(failurePath(node.name, node.address));
  } catch {
    // It will be told as it is: a failure before the artifact was made.
  }
}

/**
 * How a persistable failed the last time that a run tried to generate it; `undefined` where it did not, or has been generated since.
 *
 * @throws a StoreError where the store cannot be read.
 */
export async function readFailure(persistable: AnyPersistable): Promise<FailureRecord | undefined> {
  const { node, surroundings } = (persistable as AnyPersistable & { readonly [stateKey]: State })[stateKey];
  const bytes = await surroundings.store.read(failurePath(node.name, node.address));
  if (bytes === undefined) return undefined;
  try {
    const record = JSON.parse(Buffer.from(plainLines(bytes)).toString()) as FailureRecord;
    return record.failure === 1 && record.address === node.address ? record : undefined;
  } catch {
    // Torn by a power cut: it was only ever a note.
    return undefined;
  }
}

function failurePath(name: string, address: Address): StorePath {
  return `${artifactFolder(name)}/${address}.failed.json` as StorePath;
}

/** An error and its causes as data, without secrets, of bounded size. */
export function describeError(error: unknown, redact: (text: string) => string, depth = 0): DescribedError {
  const text = (value: string): string => redact(value).slice(0, MAX_TEXT_LENGTH);
  if (!(error instanceof Error)) return { name: typeof error, message: text(String(error)) };
  const { code } = error as { readonly code?: unknown };
  return {
    name: error.name,
    message: text(error.message),
    ...(typeof code === "string" ? { code } : {}),
    ...(error.stack === undefined ? {} : { stack: text(error.stack) }),
    ...(error.cause === undefined || depth >= MAX_CAUSES
      ? {}
      : { cause: describeError(error.cause, redact, depth + 1) }),
  };
}
