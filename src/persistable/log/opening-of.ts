import { recordPath } from "../../artifact/layout/record-path.ts";
import type { PersistableEvent } from "../../events/event.ts";
import { describeParams } from "../declare/describe-params.ts";
import type { State } from "../declare/state.ts";

/**
 * The log file has no line for these events: a hit takes less time than writing its line would. The
 * opening lines are written before the first other line.
 */
export const FILE_QUIET: ReadonlySet<PersistableEvent["type"]> = new Set(["constructed", "loading", "hit", "progress"]);

/** Returns the event that opens a log: it names the persistable and its store. */
export function openingOf({ recipe, surroundings }: State): PersistableEvent {
  return {
    type: "constructed",
    name: recipe.name,
    address: recipe.address,
    storeUrl: surroundings.store.url,
    params: describeParams(recipe.recipeParams),
    recordFile: recordPath(recipe.name, recipe.address),
  };
}
