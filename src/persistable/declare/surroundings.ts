import { DefinitionError } from "../../errors/persistable-errors.ts";
import type { PersistableEvent } from "../../events/event.ts";
import type { Logger } from "../../events/logger.ts";
import { openStore } from "../../store/open/open-store.ts";
import type { Store } from "../../store/store.ts";

/**
 * The surroundings of a persistable: where it keeps its artifacts, and who gets its events and log
 * lines. None of these options is in the recipe.
 */
export interface SurroundingsOptions {
  /**
   * A folder, a `file:` URL, or a store. Dependencies inherit it. The default is the value of the
   * environment variable PERSISTABLE_DATA_DIR, or else `persistable-data` in the working directory.
   */
  readonly dataDir?: string | URL | Store | undefined;
  /**
   * Gets all log lines, which are then not written to the log file `<dataDir>/<name>.log`.
   * Dependencies inherit it.
   */
  readonly logger?: Logger | undefined;
  /**
   * The log file `<dataDir>/<name>.log`: `false` for none, `{ maxBytes }` for one that becomes
   * `<name>.log.1`, in place of an earlier one, before it grows beyond that. Without it, the log
   * file grows without bound. Dependencies inherit it. `PERSISTABLE_LOG=off` in the environment is
   * `false` for all.
   *
   * @example
   * ```ts
   * import { gaussianPoints } from "./pipeline.ts";
   *
   * gaussianPoints({ n: 100 }, { log: { maxBytes: 1_000_000 } });
   * ```
   */
  readonly log?: false | { readonly maxBytes: number } | undefined;
  /**
   * Prints the log to the console (standard error) too; `false` by default. Dependencies inherit
   * it.
   */
  readonly verbose?: boolean | undefined;
  /** Called with each event. Dependencies inherit it. */
  readonly onEvent?: ((event: PersistableEvent) => void) | undefined;
}

export const DEFAULT_DATA_DIR = "persistable-data";

/** The options that are read later, unlike `dataDir`. */
type Listeners = Omit<SurroundingsOptions, "dataDir">;

const NO_LISTENERS: Listeners = Object.freeze({});

/** A copy, so that the other options with which a persistable is built are not kept with it. */
function listenersOf({ logger, log, verbose, onEvent }: Listeners): Listeners {
  const isEmpty = logger === undefined && log === undefined && verbose === undefined && onEvent === undefined;
  return isEmpty ? NO_LISTENERS : { logger, log, verbose, onEvent };
}

/**
 * The surroundings of one persistable. Its store is opened on first use. It has a store of its own,
 * or inherits that of the persistable for which it was built.
 */
export class Surroundings {
  /** Returns those of the generator that runs the present code; set while generators run. */
  static ofGenerator: (() => Surroundings | undefined) | undefined;
  readonly #name: string;
  readonly #own: Listeners;
  readonly #hasOwnStore: boolean;
  readonly #declaredLog: SurroundingsOptions["log"];
  #store: Store | undefined;
  #heir: Surroundings | undefined;

  /** @param declaredLog - the `log` of the declaration, which counts where no options have one */
  constructor(name: string, own: SurroundingsOptions, declaredLog?: SurroundingsOptions["log"]) {
    this.#name = name;
    this.#own = listenersOf(own);
    this.#hasOwnStore = own.dataDir !== undefined;
    this.#declaredLog = declaredLog;
    const { log = declaredLog } = own;
    if (log && !(log.maxBytes > 0))
      throw new DefinitionError(`The log of ${name} is neither false nor { maxBytes }, a number of bytes above 0.`);
    if (own.dataDir !== undefined) this.#store = openStore(own.dataDir);
  }

  get store(): Store {
    if (this.#store === undefined) {
      this.inheritFromGenerator(Surroundings.ofGenerator?.());
      const root = this.#root();
      root.#store ??= openStore(process.env.PERSISTABLE_DATA_DIR ?? DEFAULT_DATA_DIR);
      this.#store = root.#store;
    }
    return this.#store;
  }

  /**
   * Makes surroundings without a store use those of the generator that asks for the persistable.
   */
  inheritFromGenerator(generator: Surroundings | undefined): void {
    const root = this.#root();
    if (generator === undefined || root.#store !== undefined || root === generator.#root()) return;
    root.#heir = generator;
  }

  /**
   * Returns the surroundings that decide the store: the last in the line of dependents from which
   * this one inherits.
   */
  #root(): Surroundings {
    let root: Surroundings = this;
    while (root.#store === undefined && root.#heir !== undefined) root = root.#heir;
    return root;
  }

  get onEvent(): SurroundingsOptions["onEvent"] {
    return this.#nearest("onEvent");
  }

  /** Whether anything but the log file gets the events. */
  get hasListener(): boolean {
    return this.onEvent !== undefined || this.logger !== undefined || this.verbose;
  }

  get logger(): Logger | undefined {
    return this.#nearest("logger");
  }

  get log(): SurroundingsOptions["log"] {
    return this.#nearest("log") ?? this.#declaredLog;
  }

  get verbose(): boolean {
    return this.#nearest("verbose") ?? false;
  }

  /**
   * Returns the option given to this one, or else to the nearest dependent in the line from which
   * it inherits. This is a loop, since the line may be longer than the stack.
   */
  #nearest<Key extends "log" | "logger" | "onEvent" | "verbose">(key: Key): SurroundingsOptions[Key] {
    let one: Surroundings = this;
    while (one.#own[key] === undefined && one.#heir !== undefined) one = one.#heir;
    return one.#own[key];
  }

  /**
   * Makes a dependency that was built without a `dataDir` use the store of its dependent.
   *
   * @throws {@link DefinitionError} if it already inherits another store
   */
  inheritFrom(dependent: Surroundings): void {
    if (this.#hasOwnStore) return;
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
