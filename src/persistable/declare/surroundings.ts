import { DefinitionError } from "../../errors/persistable-errors.ts";
import type { PersistableEvent } from "../../events/event.ts";
import type { Logger } from "../../events/logger.ts";
import { openStore } from "../../store/open/open-store.ts";
import type { Store } from "../../store/store.ts";

/** Where a persistable lives and who hears of it: nothing of this is in the recipe. */
export interface SurroundingsOptions {
  /** A folder, a `file:` URL, or a store. Dependencies inherit it. By default `persistable-data` in the working directory, or what the environment variable PERSISTABLE_DATA_DIR says. */
  readonly dataDir?: string | URL | Store | undefined;
  /** Gets all log lines, in the place of the log file `<dataDir>/<name>.log`. Dependencies inherit it. */
  readonly logger?: Logger | undefined;
  /** Print the log to the console (standard error) too. Dependencies inherit it. */
  readonly verbose?: boolean | undefined;
  /** Called for everything that happens. Dependencies inherit it. */
  readonly onEvent?: ((event: PersistableEvent) => void) | undefined;
}

export const DEFAULT_DATA_DIR = "persistable-data";

/** The store of one persistable, settled when it is first needed: its own, or that of the one that it was built for. */
export class Surroundings {
  readonly #name: string;
  readonly #own: SurroundingsOptions;
  #store: Store | undefined;
  #heir: Surroundings | undefined;

  constructor(name: string, own: SurroundingsOptions) {
    this.#name = name;
    this.#own = own;
    if (own.dataDir !== undefined) this.#store = openStore(own.dataDir);
  }

  get store(): Store {
    if (this.#store === undefined) {
      const root = this.#root();
      root.#store ??= openStore(process.env.PERSISTABLE_DATA_DIR ?? DEFAULT_DATA_DIR);
      this.#store = root.#store;
    }
    return this.#store;
  }

  /** Who decides where this one lives: the last in the line of those that it was built for. */
  #root(): Surroundings {
    let root: Surroundings = this;
    while (root.#store === undefined && root.#heir !== undefined) root = root.#heir;
    return root;
  }

  get onEvent(): SurroundingsOptions["onEvent"] {
    return this.#nearest("onEvent");
  }

  /** Whether anybody but the log file listens. */
  get hasListener(): boolean {
    return this.onEvent !== undefined || this.logger !== undefined || this.verbose;
  }

  get logger(): Logger | undefined {
    return this.#nearest("logger");
  }

  get verbose(): boolean {
    return this.#nearest("verbose") ?? false;
  }

  /** What this one was given, or else the next in the line of those that it was built for. The line may be longer than the stack. */
  #nearest<Key extends "logger" | "onEvent" | "verbose">(key: Key): SurroundingsOptions[Key] {
    let one: Surroundings = this;
    while (one.#own[key] === undefined && one.#heir !== undefined) one = one.#heir;
    return one.#own[key];
  }

  /**
   * A dependency that was built without a place of its own lives where its dependent lives.
   *
   * @throws {@link DefinitionError} where it already lives elsewhere by inheritance.
   */
  inheritFrom(dependent: Surroundings): void {
    if (this.#own.dataDir !== undefined) return;
    this.#heir ??= dependent;
    const root = this.#root();
    const dependentRoot = dependent.#root();
    if (root === dependentRoot) return;
    if (root.#store === undefined) root.#heir = dependentRoot;
    else if (root.#store.url !== dependent.store.url) {
      throw new DefinitionError(
        `${this.#name} was built without a dataDir, already lives in ${root.#store.url}, and is now a dependency of one that lives in ${dependent.store.url}. ` +
          "Build it with the dataDir that it should have.",
      );
    }
  }
}
