import { makeWorkFolder, removeWorkFolder } from "../../util/work-folder.ts";
import type { GenerateContext } from "../declare/hooks.ts";
import type { State, TakenByGenerator } from "../declare/state.ts";
import { emitRedacted } from "../log/emit-now.ts";
import { redactionOf } from "../secrets/redaction.ts";
import { CallContext, type InternalCallOptions, type Supervisor } from "./call-context.ts";
import { seedOfState } from "./seed-of-state.ts";
import { SpentCost } from "./spent-cost.ts";

/** What a generator is handed, for one run of it; what it does after {@link close} is without effect. */
export class GeneratorContext extends CallContext implements GenerateContext<unknown, unknown> {
  readonly #state: State;
  readonly #supervisor: Supervisor | undefined;
  readonly #cost = new SpentCost();
  #seed: number | undefined;
  #workFolder: string | undefined;
  #isOpen = true;

  constructor(state: State, options: InternalCallOptions, signal: AbortSignal | undefined) {
    super(state, options.untracked, signal);
    this.#state = state;
    this.#supervisor = options.supervisor;
    // Generators take them out of the context: `generate: ({ progress }) => …`.
    this.progress = this.progress.bind(this);
    this.cost = this.cost.bind(this);
  }

  progress(done: number, total?: number, note?: string): void {
    if (!this.#isOpen || !isAmount(done) || !this.#isHeard) return;
    try {
      const progress = {
        type: "progress",
        done,
        ...(isAmount(total) ? { total } : {}),
        ...(typeof note === "string" ? { note } : {}),
      } as const;
      emitRedacted(this.#state, progress, this.#supervisor?.onEvent);
    } catch (error) {
      // A display that breaks down is no reason to lose a payload.
      warnOfThrown(this.#state, error);
    }
  }

  get #isHeard(): boolean {
    return this.#state.surroundings.hasListener || this.#supervisor !== undefined;
  }

  cost(spent: Readonly<Record<string, number>>): void {
    if (this.#isOpen) this.#cost.add(redactionOf(this.#state).amounts(spent));
  }

  get seed(): number {
    this.#seed ??= seedOfState(this.#state);
    return this.#seed;
  }

  get workDir(): string {
    if (this.#workFolder === undefined) {
      if (!this.#isOpen) throw new TypeError("workDir was first read after the generator was through: read it before.");
      this.#workFolder = makeWorkFolder();
    }
    return this.#workFolder;
  }

  /** What the record is to say of it. */
  get taken(): TakenByGenerator {
    const { total } = this.#cost;
    return {
      ...(total === undefined ? {} : { cost: total }),
      ...(this.#seed === undefined ? {} : { seed: this.#seed }),
    };
  }

  /** The work folder, if there is one: whoever is handed it removes it. */
  leaveFolder(): string | undefined {
    const folder = this.#workFolder;
    this.#workFolder = undefined;
    return folder;
  }

  /** Answer for the work folder of a generator that ran on another thread. */
  adoptFolder(folder: string): void {
    this.#workFolder = folder;
  }

  /** The generator is through. */
  async close(): Promise<void> {
    this.#isOpen = false;
    const folder = this.leaveFolder();
    if (folder !== undefined) await removeWorkFolder(folder);
  }
}

/** Of a listener that has thrown. */
export function warnOfThrown(state: State, error: unknown): void {
  const { name, message, stack } = redactionOf(state).error(error);
  process.emitWarning(message, { type: name, ...(stack === undefined ? {} : { detail: stack }) });
}

function isAmount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
