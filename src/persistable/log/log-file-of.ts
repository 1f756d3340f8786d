import { storePath } from "../../store/store-path.ts";
import { safeName } from "../../util/safe-name.ts";
import type { State } from "../declare/state.ts";

/** Returns the log file of a persistable, unless its log is off or its store is not a folder. */
export function logFileOf({ recipe, surroundings }: State): string | undefined {
  const { store, log } = surroundings;
  if (store.localPath === undefined || log === false || process.env.PERSISTABLE_LOG === "off") return undefined;
  return store.localPath(storePath(`${safeName(recipe.name)}.log`));
}
