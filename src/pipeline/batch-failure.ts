import { BatchFailedError } from "../errors/pipeline-errors.ts";
import { redactionOf } from "../persistable/redaction.ts";
import type { State } from "../persistable/state.ts";

/** What callers of a map get where batches failed: neither its message nor its cause quotes a secret. */
export function batchFailure(
  state: State,
  cause: unknown,
  counts: { readonly failedItems: number; readonly persisted: number },
): BatchFailedError {
  const redaction = redactionOf(state);
  const why = redaction.error(cause).message;
  return new BatchFailedError(state.node.name, { ...counts, why, cause: redaction.cause(cause) });
}
