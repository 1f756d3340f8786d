import type { JsonValue } from "../canonical/tagged-json.ts";
import type { Engine, EngineLink, EngineNews, EngineServer, JobEnding, ServedJob } from "../engine/engine.ts";
import { fail } from "./expectation.ts";

/** An engine for one case. */
export interface OpenedEngine {
  readonly engine: Engine;
  /** Removes everything that the case has left. */
  close(): Promise<void>;
}

/** An engine to prove. */
export interface EngineSubject {
  readonly name: string;
  /**
   * Opens an engine on a server that runs. The job of a worker that was lost must go to another one
   * within seconds: a case waits for that.
   */
  open(): Promise<OpenedEngine>;
}

/** One promise of an engine. */
export interface EngineCase {
  readonly title: string;
  run(rig: EngineRig): Promise<void>;
}

/** The runs and the workers of one case, which have a queue of their own. */
export class EngineRig {
  readonly engine: Engine;
  readonly #queue = `c.${crypto.randomUUID().slice(0, 13)}`;
  readonly #links: EngineLink[] = [];
  readonly #servers: EngineServer[] = [];

  constructor(engine: Engine) {
    this.engine = engine;
  }

  /** Connects a run. */
  async run(queue = this.#queue): Promise<Run> {
    const run = new Run();
    run.link = await this.engine.connect(queue, (news) => run.news.push(news), { dataDir: "memory:" });
    this.#links.push(run.link);
    return run;
  }

  /** Starts a worker. */
  async worker(handle: (job: ServedJob) => Promise<JobEnding>, slots = 1): Promise<EngineServer> {
    const server = await this.engine.serve(this.#queue, { slots, handle, onProblem: () => {} });
    this.#servers.push(server);
    return server;
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.close()));
    await Promise.all(this.#links.map((link) => link.close()));
  }
}

/** A run, connected to a queue, with the news that it was told. */
export class Run {
  readonly news: EngineNews[] = [];
  #link: EngineLink | undefined;

  get link(): EngineLink {
    return this.#link ?? fail("the run is not connected");
  }

  set link(link: EngineLink) {
    this.#link = link;
  }

  submit(id: string, data = { v: 1 }): Promise<void> {
    return this.link.submit({ id, name: "node", data });
  }

  /** Waits for news of one kind about a job. */
  async hear<Kind extends EngineNews["kind"]>(kind: Kind, id: string): Promise<Extract<EngineNews, { kind: Kind }>> {
    const isIt = (news: EngineNews): news is Extract<EngineNews, { kind: Kind }> =>
      news.kind === kind && "id" in news && news.id === id;
    await until(() => this.news.some(isIt));
    return this.news.find(isIt) ?? fail(`no news of ${id}`);
  }
}

/** Waits without an end: the test runner has one. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Ends every job at once, and notes their ids. */
export function doing(done: string[]): (job: ServedJob) => Promise<JobEnding> {
  return async ({ id }) => {
    done.push(id);
    return { kind: "done", result: { id } };
  };
}

/** A job that runs until it is told how it ends. */
export class Held {
  readonly ids: string[] = [];
  readonly #waiting: ((ending: JobEnding) => void)[] = [];

  readonly handle = (job: ServedJob): Promise<JobEnding> => {
    this.ids.push(job.id);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      const stop = (): void => resolve({ kind: "failed", error: { cancelled: true }, message: "cancelled" });
      if (job.signal.aborted) stop();
      else job.signal.addEventListener("abort", stop);
    });
  };

  release(result: Readonly<Record<string, JsonValue>> = {}): void {
    for (const resolve of this.#waiting.splice(0)) resolve({ kind: "done", result });
  }
}
