import { recordPath } from "../../artifact/layout/artifact-paths.ts";
import type { PersistableEvent } from "../../events/event.ts";
import { describeParams } from "../declare/describe-params.ts";
import type { State } from "../declare/state.ts";

/**
 * The log file has no line for these: a hit takes less time than its line would. The opening lines
 * are written before the first other line.
 */
export const FILE_QUIET: ReadonlySet<PersistableEvent["type"]> = new Set(["constructed", "loading", "hit", "progress"]);

/** The event that opens a log: which persistable it is of, and where that is stored. */
export function openingOf({ node, surroundings }: State): PersistableEvent {
  return {
    type: "constructed",
    name: node.name,
    address: node.address,
    storeUrl: surroundings.store.url,
    params: describeParams(node.recipeParams),
    recordFile: recordPath(node.name, node.address),
  };
}
