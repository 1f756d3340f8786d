import { BatchFailedError } from "../../errors/pipeline-errors.ts";
import { withPayload } from "../../errors/unpersisted.ts";
import type { State } from "../../persistable/declare/state.ts";
import { redactionOf } from "../../persistable/secrets/redaction.ts";

/** A batch that could not be generated, or was and could not be written. */
export interface FailedBatch {
  /** How many. */
  readonly items: number;
  readonly error: unknown;
  /** Whether it was generated, to be written later. */
  readonly isKept: boolean;
  /** What was generated, for whoever wants to look at it. */
  readonly payloads?: readonly unknown[] | undefined;
}

/** What callers of a map get where batches failed: neither its message nor its cause quotes a secret. */
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
