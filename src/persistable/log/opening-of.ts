import { recordPath } from "../../artifact/layout/artifact-paths.ts";
import type { PersistableEvent } from "../../events/event.ts";
import { describeParams } from "../declare/describe-params.ts";
import type { State } from "../declare/state.ts";

/** Who it is, and where it lives. */
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
