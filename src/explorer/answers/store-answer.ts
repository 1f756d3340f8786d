import type { StoreAnswer } from "../shapes/artifact-shapes.ts";
import { MAX_ROWS } from "./asked.ts";
import type { ExploredStore } from "./explored-store.ts";
import { nameTerm } from "./terms.ts";

/** Answers `/api/store`. */
export async function answerStore(explored: ExploredStore): Promise<StoreAnswer> {
  const { catalog, version, shownAs, startQuery } = explored;
  const names = await catalog.names();
  const counts: { readonly name: string; readonly artifacts: number }[] = [];
  for (const name of names)
    counts.push({ name, artifacts: (await catalog.find([nameTerm(name)], { limit: 0 })).total });
  const held = counts.filter(({ artifacts }) => artifacts > 0);
  const problem = explored.problem();
  return {
    version,
    url: catalog.url,
    shownAs,
    ...(problem === undefined ? {} : { problem }),
    cursor: explored.cursor(),
    total: held.reduce((sum, { artifacts }) => sum + artifacts, 0),
    names: { total: held.length, offset: 0, rows: held.slice(0, MAX_ROWS) },
    startQuery,
  };
}
