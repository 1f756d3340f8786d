import { AsyncLocalStorage } from "node:async_hooks";
import type { Address } from "../../address/address.ts";
import type { UndeclaredLoad } from "../../record/record.ts";
import { setNoting } from "../declare/asking-generator.ts";
import type { State } from "../declare/state.ts";
import { Surroundings } from "../declare/surroundings.ts";
import { visitUpstreamFirst } from "../declare/upstream-first.ts";

/** More are not recorded: a generator may call a persisted function a million times. */
const MAX_LOADS_OF_NAME = 20;
const MAX_LOADS = 200;

const scopes = new AsyncLocalStorage<GeneratorScope>();
let running = 0;

/** One run of a generator, as the persistables that it asks for see it. */
export class GeneratorScope {
  readonly state: State;
  readonly #loads = new Map<Address, UndeclaredLoad>();
  readonly #countByName = new Map<string, number>();
  #declared: ReadonlySet<string> | undefined;
  isOpen = true;

  /** Adds to the cost of the generation. */
  readonly spend: (amounts: Readonly<Record<string, number>>) => void;

  constructor(state: State, spend: GeneratorScope["spend"] = () => {}) {
    this.state = state;
    this.spend = spend;
  }

  /** The loads so far that the generator does not declare. */
  get undeclared(): readonly UndeclaredLoad[] {
    return [...this.#loads.values()];
  }

  note(asked: State): void {
    const { surroundings } = this.state;
    asked.surroundings.inheritFromGenerator(surroundings);
    const { name, version, draw, address } = asked.recipe;
    if (this.#loads.has(address) || this.#isDeclared(asked)) return;
    const count = this.#countByName.get(name) ?? 0;
    if (count === MAX_LOADS_OF_NAME || this.#loads.size === MAX_LOADS) return;
    this.#countByName.set(name, count + 1);
    this.#loads.set(address, {
      name,
      address,
      ...(version === undefined ? {} : { version }),
      ...(draw === 0 ? {} : { draw }),
      ...(asked.surroundings.store.url === surroundings.store.url ? {} : { elsewhere: true }),
    });
  }

  #isDeclared(asked: State): boolean {
    // A definition that asks for itself, with other params, cannot be its own dependency. Its name
    // and version are in the recipe.
    if (asked.declaration === this.state.declaration) return true;
    this.#declared ??= keysUpstream(this.state);
    if (this.#declared.has(asked.recipe.address)) return true;
    // A call of a persisted function is upstream if the function is, however it was reached. Maps
    // of other params are not.
    return !asked.declaration.isFamily && this.#declared.has(familyKey(asked));
  }
}

/** The addresses of everything upstream, and what stands for all payloads of a family. */
function keysUpstream(state: State): ReadonlySet<string> {
  const keys = new Set<string>();
  const seen = new Set<State>();
  visitUpstreamFirst(
    state,
    (upstream) => !seen.has(upstream),
    (upstream) => {
      seen.add(upstream);
      keys.add(upstream.recipe.address);
      if (upstream.declaration.isFamily) keys.add(familyKey(upstream));
    },
  );
  return keys;
}

function familyKey({ recipe: { name, version, draw } }: State): string {
  return JSON.stringify([name, version, draw]);
}

/** Runs a generator. All that it asks for, at any depth of calls, is noted in the scope. */
export async function runInScope<Result>(scope: GeneratorScope, work: () => Promise<Result>): Promise<Result> {
  running += 1;
  setNoting((asked) => openScope()?.note(asked));
  Surroundings.ofGenerator = () => openScope()?.state.surroundings;
  try {
    return await scopes.run(scope, work);
  } finally {
    scope.isOpen = false;
    running -= 1;
    if (running === 0) {
      setNoting(undefined);
      Surroundings.ofGenerator = undefined;
      // As long as it is enabled, each promise in the process costs more on Node 20 and 22.
      scopes.disable();
    }
  }
}

/**
 * Returns the scope of the generator that runs this code. Code that a generator leaves running
 * after its end belongs to no generator.
 */
export function openScope(): GeneratorScope | undefined {
  const scope = scopes.getStore();
  return scope?.isOpen === true ? scope : undefined;
}
