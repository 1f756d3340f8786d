import type { ProgressEvent } from "../events/event.ts";
import type { FinishedEvent, NodeEventBase, NodeStartedEvent, PlannedEvent, RunEvent } from "../events/run-event.ts";

/** A node that is generated here, or that another process generates. */
export interface RunningView {
  readonly name: string;
  readonly params: string;
  readonly startedMs: number;
  readonly attempt: number;
  readonly expectedMs: number | undefined;
  readonly progress: Pick<ProgressEvent, "done" | "total" | "note"> | undefined;
  /** The last line that the generator has logged. */
  readonly said?: string | undefined;
  /** The process that generates the node, if that is not this process. */
  readonly owner: string | undefined;
  /** The worker that generates the node, if the run has an engine. */
  readonly worker: string | undefined;
}

/** The state of a run at one moment. Its events keep it up to date. */
export class RunView {
  planned: PlannedEvent | undefined;
  finished: FinishedEvent | undefined;
  startedMs = 0;
  hits = 0;
  generated = 0;
  failed = 0;
  cancelled = 0;
  savedMs = 0;
  readonly cost = new Map<string, number>();
  readonly #running = new Map<number, RunningView>();

  handle(event: RunEvent): void {
    switch (event.type) {
      case "planned":
        this.planned = event;
        this.startedMs = event.atMs;
        break;
      case "started":
        this.#running.set(event.index, startedView(event));
        break;
      case "progress":
        this.#change(event, { progress: event });
        break;
      case "log":
        this.#change(event, { said: event.lines.at(-1)?.message });
        break;
      case "waiting":
        this.#running.set(event.index, waitingView(event, event.owner, event.atMs));
        break;
      case "retried":
        this.#running.delete(event.index);
        break;
      case "hit":
        this.hits += 1;
        this.savedMs += event.savedMs ?? 0;
        this.#running.delete(event.index);
        break;
      case "generated":
        this.generated += 1;
        for (const [unit, spent] of Object.entries(event.cost ?? {}))
          this.cost.set(unit, (this.cost.get(unit) ?? 0) + spent);
        this.#running.delete(event.index);
        break;
      case "failed":
        this.failed += 1;
        this.#running.delete(event.index);
        break;
      case "cancelled":
        this.cancelled += 1;
        this.#running.delete(event.index);
        break;
      case "finished":
        this.finished = event;
        this.#running.clear();
    }
  }

  /**
   * Nodes generated here come first, then those of other processes; in each group the oldest first.
   */
  get running(): readonly RunningView[] {
    return [...this.#running.values()].sort(
      (one, other) =>
        Number(one.owner !== undefined) - Number(other.owner !== undefined) || one.startedMs - other.startedMs,
    );
  }

  /** Own params of a node that runs, in a few words. */
  paramsOf(index: number): string {
    return this.#running.get(index)?.params ?? "";
  }

  get settled(): number {
    return this.hits + this.generated + this.failed + this.cancelled;
  }

  /** The milliseconds until the end, estimated from earlier records or from the pace so far. */
  remainingMs(nowMs: number): number | undefined {
    const { planned } = this;
    if (planned === undefined || planned.misses === 0) return undefined;
    const done = this.generated + this.failed;
    const elapsedMs = nowMs - this.startedMs;
    if (planned.expectedMs !== undefined) {
      const expectedMs = Math.max(planned.expectedMs, planned.criticalPathMs ?? 0);
      const byShareMs = expectedMs * (1 - done / planned.misses);
      return Math.max(0, Math.min(byShareMs, Math.max(expectedMs - elapsedMs, 0) || byShareMs));
    }
    // Before as many nodes have ended as run at once, their pace would be misleading.
    return done < Math.min(planned.concurrency, planned.misses)
      ? undefined
      : (elapsedMs / done) * (planned.misses - done);
  }

  #change({ index }: NodeEventBase, change: Partial<RunningView>): void {
    const known = this.#running.get(index);
    if (known !== undefined) this.#running.set(index, { ...known, ...change });
  }
}

function startedView({ name, params, atMs, attempt, expectedMs, worker }: NodeStartedEvent): RunningView {
  return { name, params, startedMs: atMs, attempt, expectedMs, progress: undefined, owner: undefined, worker };
}

function waitingView({ name }: NodeEventBase, owner: string, atMs: number): RunningView {
  const nothingKnown = { expectedMs: undefined, progress: undefined, worker: undefined };
  return { name, params: "", startedMs: atMs, attempt: 1, owner, ...nothingKnown };
}
