import type { Logger } from "../../events/logger.ts";
import type { UndeclaredLoad } from "../../record/record.ts";
import { isAmount } from "../../util/json/checks.ts";
import { makeWorkFolder, removeWorkFolder } from "../../util/work-folder.ts";
import type { GenerateContext } from "../declare/hooks.ts";
import type { LiveValues, State, TakenByGenerator } from "../declare/state.ts";
import { emitRedacted } from "../log/emit-now.ts";
import { LoggedLines } from "../log/logged-lines.ts";
import { redactionOf } from "../secrets/redaction.ts";
import { CallContext, type InternalCallOptions, type Supervisor } from "./call-context.ts";
import { GeneratorScope } from "./generator-scope.ts";
import { seedOfState } from "./seed-of-state.ts";
import { SpentCost } from "./spent-cost.ts";

/**
 * The context of one run of a generator. After {@link close}, calls of its methods have no effect.
 */
export class GeneratorContext extends CallContext implements GenerateContext<unknown, unknown> {
  readonly #state: State;
  readonly #supervisor: Supervisor | undefined;
  readonly #cost = new SpentCost();
  /** Knows what the generator loads. */
  readonly scope: GeneratorScope;
  #undeclaredElsewhere: readonly UndeclaredLoad[] = [];
  #seed: number | undefined;
  #unkept: string | undefined;
  #workFolder: string | undefined;
  #loggedLines: LoggedLines | undefined;
  #isOpen = true;

  constructor(state: State, options: InternalCallOptions) {
    super(state, options.untracked, options.signal);
    this.#state = state;
    this.#supervisor = options.supervisor;
    this.scope = new GeneratorScope(state, (amounts) => this.cost(amounts));
    // Generators take these methods out of the context: `generate: ({ progress }) => …`.
    this.progress = this.progress.bind(this);
    this.cost = this.cost.bind(this);
    this.keep = this.keep.bind(this);
  }

  progress(done: number, total?: number, note?: string): void {
    if (!this.#isOpen || !isAmount(done) || !this.#isHeard) return;
    const progress = {
      type: "progress",
      done,
      ...(isAmount(total) ? { total } : {}),
      ...(typeof note === "string" ? { note } : {}),
    } as const;
    this.#tell(() => emitRedacted(this.#state, progress, this.#supervisor?.onEvent));
  }

  /** A payload must not be lost because a display has thrown. */
  #tell(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      warnOfThrown(this.#state, error);
    }
  }

  override get log(): Logger {
    const onEvent = this.#supervisor?.onEvent;
    if (onEvent === undefined || !this.#isOpen) return super.log;
    this.#loggedLines ??= new LoggedLines(this.#state, (event) => this.#tell(() => onEvent(event)));
    return this.#loggedLines.around(super.log);
  }

  get #isHeard(): boolean {
    return this.#state.surroundings.hasListener || this.#supervisor !== undefined;
  }

  cost(spent: Readonly<Record<string, number>>): void {
    if (this.#isOpen) this.#cost.add(redactionOf(this.#state).amounts(spent));
  }

  keep(isKept: boolean, why = "its generator says so"): void {
    if (this.#isOpen) this.#unkept = isKept ? undefined : redactionOf(this.#state).text(why);
  }

  /** Why the payload is not to be kept; `undefined` if it is. */
  get unkept(): string | undefined {
    return this.#unkept;
  }

  get seed(): number {
    this.#seed ??= seedOfState(this.#state);
    return this.#seed;
  }

  get workDir(): string {
    if (this.#workFolder === undefined) {
      if (!this.#isOpen) throw new TypeError("workDir was first read after the generator had ended: read it before.");
      this.#workFolder = makeWorkFolder();
    }
    return this.#workFolder;
  }

  /** The values that the caller of a persisted function handed over beside its params. */
  get liveValues(): LiveValues | undefined {
    return this.#state.liveValues;
  }

  /** The cost, the seed and the undeclared loads of the generation, for the record. */
  get taken(): TakenByGenerator {
    const { total } = this.#cost;
    const undeclared = [...this.scope.undeclared, ...this.#undeclaredElsewhere];
    return {
      ...(total === undefined ? {} : { cost: total }),
      ...(this.#seed === undefined ? {} : { seed: this.#seed }),
      ...(undeclared.length === 0 ? {} : { undeclared }),
    };
  }

  /** Returns the work folder, if there is one. From then on the caller has to remove it. */
  leaveFolder(): string | undefined {
    const folder = this.#workFolder;
    this.#workFolder = undefined;
    return folder;
  }

  /**
   * Takes over the work folder of a generator that ran on another thread, to remove it at the end.
   */
  adoptFolder(folder: string): void {
    this.#workFolder = folder;
  }

  /** Takes over what a generator on another thread has loaded without declaring it. */
  adoptUndeclared(loads: readonly UndeclaredLoad[]): void {
    this.#undeclaredElsewhere = loads;
  }

  /** Ends the generation, and removes the work folder. */
  async close(): Promise<void> {
    this.#isOpen = false;
    this.#loggedLines?.close();
    const folder = this.leaveFolder();
    if (folder !== undefined) await removeWorkFolder(folder);
  }
}

/** Warns of the error that a listener has thrown. */
export function warnOfThrown(state: State, error: unknown): void {
  const { name, message, stack } = redactionOf(state).error(error);
  process.emitWarning(message, { type: name, ...(stack === undefined ? {} : { detail: stack }) });
}
