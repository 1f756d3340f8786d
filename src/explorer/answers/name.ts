import type { Store } from "../../store/store.ts";
import { storePath } from "../../store/store-path.ts";
import { safeName } from "../../util/safe-name.ts";
import type { FacetsAnswer, NameAnswer } from "../shapes/artifact-shapes.ts";
import { allValuesOf, rowOf } from "./artifact-row.ts";
import { facetsAnswer } from "./artifacts.ts";
import { type Asked, MAX_ROWS } from "./asked.ts";
import { literal } from "./commands.ts";
import { type ExploredStore, findName } from "./explored-store.ts";
import { nameTerm } from "./terms.ts";

const MAX_HISTORY = 2000;
const TAIL_BYTES = 32 * 1024;

/** Answers `/api/name`. */
export async function answerName({ catalog, store, commands }: ExploredStore, asked: Asked): Promise<NameAnswer> {
  const name = await findName(catalog, asked.required("name"));
  const term = nameTerm(name);
  const [facets, newest, failures] = await Promise.all([
    facetsAnswer(catalog, term),
    catalog.find(term, { limit: MAX_HISTORY, columns: [] }),
    catalog.find(`${term} state=failed`, { limit: MAX_ROWS }),
  ]);
  const history = newest.artifacts.toReversed().flatMap(({ address, createdAt, durationMs, sizeBytes, state }) =>
    createdAt === undefined
      ? []
      : [
          {
            ...{ address, createdAt, state },
            ...(durationMs === undefined ? {} : { durationMs }),
            ...(sizeBytes === undefined ? {} : { sizeBytes }),
          },
        ],
  );
  return {
    name,
    total: facets.total,
    facets,
    sizeBytes: sumOf(facets, "size"),
    durationMs: sumOf(facets, "took"),
    cost: Object.fromEntries(
      facets.facets.flatMap(({ field, kind }) =>
        kind === "cost" ? [[field.slice("cost.".length), sumOf(facets, field)]] : [],
      ),
    ),
    history: { total: newest.total, offset: 0, rows: history },
    failures: {
      total: failures.total,
      offset: 0,
      rows: failures.artifacts.map((entry) => rowOf(entry, [...allValuesOf(entry).keys()])),
    },
    logTail: await tailOf(store, name),
    commands: commands.commands(["ls", term], (dataDir) => `await openCatalog(${dataDir}).find(${literal(term)});`),
  };
}

function sumOf({ facets }: FacetsAnswer, field: string): number {
  return facets.find((facet) => facet.field === field)?.sum ?? 0;
}

/** The last whole lines of a log. */
async function tailOf(store: Store, name: string): Promise<readonly string[]> {
  const path = storePath(`${safeName(name)}.log`);
  const sizeBytes = (await store.stat(path))?.sizeBytes ?? 0;
  const start = Math.max(0, sizeBytes - TAIL_BYTES);
  const bytes = await store.read(path, { range: { start, end: sizeBytes } });
  if (bytes === undefined) return [];
  const lines = new TextDecoder().decode(bytes).trimEnd().split("\n");
  return lines.slice(start > 0 ? 1 : 0).slice(-MAX_ROWS);
}
