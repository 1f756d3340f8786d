import { hostname } from "node:os";
import { anonymousProcess, currentProcess } from "../artifact/lease/process-identity.ts";
import { messageOf } from "../errors/error-kind.ts";
import type { RunResult } from "../errors/pipeline-errors.ts";
import type { PlannedEvent, RunEvent } from "../events/run-event.ts";
import { findCredentials } from "../params/credentials.ts";
import { isAnonymous } from "../persistable/declare/declaration.ts";
import type { State } from "../persistable/declare/state.ts";
import { redactionOf } from "../persistable/secrets/redaction.ts";
import { internalPath, RUNS_FOLDER } from "../store/internal-folder.ts";
import type { Store } from "../store/store.ts";
import { hiddenHost } from "../util/anonymity.ts";
import { randomHex } from "../util/random-hex.ts";
import { withoutStacks } from "./failure-record.ts";
import { RunJournal } from "./run-journal.ts";
import type { RunSettings } from "./run-options.ts";
import type { EndedNode, RunRecord, RunRecordNode } from "./run-record.ts";

/** A file with more nodes would be too large to read. */
const MAX_NODES = 10_000;

/**
 * Writes what a run does into its data directory: the journal while it goes on, and the record,
 * which earlier releases read too, when it begins and when it has ended.
 */
export class RunLog {
  readonly runId: string;
  readonly #states: readonly State[];
  readonly #settings: RunSettings;
  readonly #startedAt = new Date();
  readonly #nodes: RunRecordNode[] = [];
  /** Whether any persistable of the run is declared `anonymous`. */
  readonly #isAnonymous: boolean;
  #journal: RunJournal | undefined;
  #omitted = 0;

  constructor(states: readonly State[], settings: RunSettings) {
    this.#states = states;
    this.#settings = settings;
    this.runId = newRunId(this.#startedAt);
    this.#isAnonymous = states.some((state) => isAnonymous(state.declaration));
  }

  /**
   * Whether the journal takes events. It does not take the events of artifacts that exist from the
   * start.
   */
  get isOpen(): boolean {
    return this.#journal !== undefined;
  }

  hear(event: RunEvent): void {
    const isTold = this.#isAnonymous && "error" in event;
    this.#journal?.write(isTold ? { ...event, error: withoutStacks(event.error) } : event);
  }

  note(index: number, { durationMs, ...note }: EndedNode): void {
    const state = this.#states[index];
    if (state === undefined) return;
    if (this.#nodes.length >= MAX_NODES) {
      this.#omitted += 1;
      return;
    }
    const { name, address } = state.recipe;
    const took = durationMs === undefined ? {} : { durationMs: Math.round(durationMs * 1000) / 1000 };
    this.#nodes.push({ name, address, ...note, ...took });
  }

  begin(planned: PlannedEvent): Promise<void> {
    return this.#tryWrite(async (store) => {
      await this.#replaceRecord(store, { state: "running", nodes: [] });
      // A run with hits only has no journal, since it has nothing to report and a file would make
      // it slower.
      if (planned.misses === 0) return;
      const { concurrency, keepGoing } = this.#settings;
      const head = {
        type: "began" as const,
        journal: 1 as const,
        runId: this.runId,
        startedAt: this.#startedAt.toISOString(),
        command: this.#isAnonymous ? [] : shownArguments(process.argv.slice(1), this.#states),
        process: this.#isAnonymous ? anonymousProcess() : currentProcess(),
        concurrency: Number.isFinite(concurrency) ? concurrency : null,
        keepGoing,
      };
      this.#journal = await RunJournal.begin(store, head, planned);
    });
  }

  end({ failures: _, runId: __, state, ...totals }: RunResult): Promise<void> {
    const journal = this.#journal;
    this.#journal = undefined;
    return this.#tryWrite(async (store) => {
      await journal?.end();
      await this.#replaceRecord(store, {
        state,
        finishedAt: new Date().toISOString(),
        ...totals,
        durationMs: Math.round(totals.durationMs),
        savedMs: Math.round(totals.savedMs),
        nodes: this.#nodes,
        ...(this.#omitted === 0 ? {} : { omitted: this.#omitted }),
      });
    });
  }

  async #tryWrite(write: (store: Store) => Promise<void>): Promise<void> {
    const store = this.#states[0]?.surroundings.store;
    if (store === undefined || this.#settings.keepRecord === false) return;
    try {
      await write(store);
    } catch (error) {
      warnOnce(store.url, error);
    }
  }

  async #replaceRecord(store: Store, rest: Pick<RunRecord, "state" | "nodes"> & Partial<RunRecord>): Promise<void> {
    const { concurrency, keepGoing } = this.#settings;
    const record: RunRecord = {
      run: 1,
      runId: this.runId,
      startedAt: this.#startedAt.toISOString(),
      host: this.#isAnonymous ? hiddenHost(hostname()) : hostname(),
      pid: process.pid,
      concurrency,
      keepGoing,
      ...rest,
    };
    const path = internalPath(RUNS_FOLDER, `${this.runId}.json`);
    await store.replace(path, [Buffer.from(`${JSON.stringify(record, undefined, 2)}\n`)], { durable: false });
  }
}

const warned = new Set<string>();

/**
 * A record that cannot be written only causes a warning: a run with hits only must also work in a
 * folder without write access.
 */
function warnOnce(storeUrl: string, error: unknown): void {
  if (warned.has(storeUrl)) return;
  warned.add(storeUrl);
  process.emitWarning(
    `The record of this run cannot be written (${messageOf(error)}). ` +
      "The run goes on without it. Give keepRecord: false where no record is wanted.",
    "PersistableWarning",
  );
}

/** Returns an id that sorts by time and is a valid file name: `20261123T104455123-5f2c9a`. */
function newRunId(startedAt: Date): string {
  const time = startedAt.toISOString().replaceAll(/[-:.Z]/g, "");
  return `${time}-${randomHex(3)}`;
}

/**
 * Returns the arguments of the process without the secrets of the run and texts that look like
 * secrets.
 */
function shownArguments(args: readonly string[], states: readonly State[]): string[] {
  const secrets = [...new Set(states.flatMap((state) => state.secrets))];
  const redact = redactionOf({ secrets }).text;
  return args.map((arg, i) => {
    const flag = /^(--?[^=]+)=(.*)$/s.exec(arg);
    const [key = "", value = ""] =
      flag === null ? [args[i - 1]?.startsWith("-") ? args[i - 1] : "", arg] : flag.slice(1);
    if (findCredentials({ [key]: value }).length === 0) return redact(arg);
    return flag === null ? "[secret]" : `${key}=[secret]`;
  });
}
