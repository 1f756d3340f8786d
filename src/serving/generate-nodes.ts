import type { JsonObject, JsonValue } from "../canonical/tagged-json.ts";
import type { JobEnding, ServedJob } from "../engine/engine.ts";
import { BATCH_MS, lossesBefore, MOST_LOSSES, messagesIn, nameOfJob } from "../engine/job-message.ts";
import { errorToJson } from "../engine/json-error.ts";
import { WorkerLostError } from "../errors/worker-errors.ts";

/** Does the work of one node. */
type RunNode = (job: ServedJob) => Promise<JobEnding>;

/** Does a job: one node, or those of a batch one after another. */
export function generateNodes(job: ServedJob, run: RunNode): Promise<JobEnding> {
  const messages = messagesIn(job.data);
  if (messages !== undefined) return generateBatch(job, messages, run);
  const losses = (job.losses ?? 0) + lossesBefore(job.data);
  return losses > MOST_LOSSES ? Promise.resolve(lostEnding(job, losses)) : run({ ...job, losses });
}

/** The engine does not count the workers that were lost while the node was in a batch. */
function lostEnding({ data }: ServedJob, losses: number): JobEnding {
  const error = new WorkerLostError(nameOfJob(data), `${losses} workers were lost with it`);
  return { kind: "failed", error: errorToJson(error, undefined), message: error.message };
}

/** After {@link BATCH_MS}, the nodes that were not begun are left to others. */
async function generateBatch(job: ServedJob, messages: readonly JsonValue[], run: RunNode): Promise<JobEnding> {
  const endings: JsonObject[] = [];
  // One of the nodes may have killed the worker that has begun the batch, so each one gets a job of
  // its own: what a batch does not answer is queued again.
  if (job.isRepeated) return { kind: "done", result: { endings, losses: job.losses ?? 0 } };
  let begun = 0;
  // The events of a batch that is done at once travel with its result.
  let events: JsonObject[] = [];
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    job.tell({ events, endings, leavesFrom: begun });
    events = [];
  }, BATCH_MS);
  for (const [node, data] of messages.entries()) {
    if (isLate || job.signal.aborted) break;
    begun = node + 1;
    const startedMs = performance.now();
    const tell = (progress: JsonObject): void => {
      if (isLate) job.tell({ events: [{ node, ...progress }] });
      else events.push({ node, ...progress });
    };
    const ending = await run({ id: job.id, data, signal: job.signal, isRepeated: false, tell });
    if (ending.kind === "returned") break;
    const outcome = ending.kind === "done" ? { result: ending.result } : { error: ending.error };
    endings.push({ node, tookMs: performance.now() - startedMs, ...outcome });
  }
  clearTimeout(timer);
  return { kind: "done", result: { events, endings } };
}
