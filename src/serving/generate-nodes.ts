import type { JsonObject, JsonValue } from "../canonical/tagged-json.ts";
import type { JobEnding, ServedJob } from "../engine/engine.ts";
import { BATCH_MS, messagesIn } from "../engine/job-message.ts";

/** Does the work of one node. */
type RunNode = (job: ServedJob) => Promise<JobEnding>;

/** Does a job: one node, or those of a batch one after another. */
export function generateNodes(job: ServedJob, run: RunNode): Promise<JobEnding> {
  const messages = messagesIn(job.data);
  return messages === undefined ? run(job) : generateBatch(job, messages, run);
}

/** After {@link BATCH_MS}, the nodes that were not begun are left to others. */
async function generateBatch(job: ServedJob, messages: readonly JsonValue[], run: RunNode): Promise<JobEnding> {
  const endings: JsonObject[] = [];
  // One of the nodes may have killed the worker that has begun the batch, so each one gets a job of
  // its own: what a batch does not answer is queued again.
  if (job.isRepeated) return { kind: "done", result: { endings } };
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
