import { BatchFailedError } from "../../errors/pipeline-errors.ts";
import { withPayload } from "../../errors/unpersisted.ts";
import type { State } from "../../persistable/declare/state.ts";
import { redactionOf } from "../../persistable/secrets/redaction.ts";

/** A batch that could not be generated, or that was generated and could not be written. */
export interface FailedBatch {
  /** The number of its items. */
  readonly items: number;
  readonly error: unknown;
  /** Whether its payloads are kept, so that a later call only has to write them. */
  readonly isKept: boolean;
  /** The payloads that were generated: the error hands them to the caller. */
  readonly payloads?: readonly unknown[] | undefined;
}

/**
 * The error that a caller of a map gets if batches failed; undefined if none failed. Neither its
 * message nor its cause quotes a secret.
 */
export function batchFailure(
  state: State,
  failed: readonly FailedBatch[],
  persisted: number,
): BatchFailedError | undefined {
  const [first] = failed;
  if (first === undefined) return undefined;
  const redaction = redactionOf(state);
  const failure = new BatchFailedError(state.recipe.name, {
    failedItems: countOf(failed),
    keptItems: countOf(failed.filter(({ isKept }) => isKept)),
    persisted,
    why: redaction.error(first.error).message,
    cause: redaction.cause(first.error),
  });
  const payloads = failed.flatMap((batch) => batch.payloads ?? []);
  return payloads.length > 0 ? withPayload(failure, payloads) : failure;
}

function countOf(batches: readonly FailedBatch[]): number {
  return batches.reduce((sum, { items }) => sum + items, 0);
}
