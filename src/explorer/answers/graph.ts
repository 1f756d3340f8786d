import type { CatalogLineage } from "../../catalog/open/walk-lineage.ts";
import type { CatalogEntry } from "../../catalog/query/catalog-entry.ts";
import { leavesOf, paramField } from "../../catalog/query/field.ts";
import { parseQuery } from "../../catalog/query/parse-query.ts";
import { toDot, toMermaid } from "../../inspect/draw-lineage.ts";
import type { GraphAnswer, GraphEdge, GraphNode } from "../shapes/drawing-shapes.ts";
import { valuesAt } from "./artifact-row.ts";
import { type Asked, bad, checkDigits, pathOf } from "./asked.ts";
import { literal } from "./commands.ts";
import { type ExploredLineage, findArtifact } from "./explored-store.ts";
import { nameTerm, queryText } from "./terms.ts";

const MAX_ROOTS = 200;
/** The most artifacts of a query that a graph begins with: the newest. */
const MAX_FOUND = 20_000;
const DEFAULT_NODES = 300;
const MAX_NODES = 2000;
const MAX_STEPS = 1000;
/** The most params that a node shows. */
const MAX_VALUES = 4;

/** Answers `/api/graph`. */
export async function answerGraph(explored: ExploredLineage, asked: Asked): Promise<GraphAnswer> {
  const { lineage, total, commands } = await lineageOf(explored, asked);
  const limit = asked.whole("limit", { fallback: DEFAULT_NODES, most: MAX_NODES });
  const group = asked.oneOf("group", ["name", "none"]);
  const artifacts = lineage.nodes.length;
  const isTooLarge = artifacts > limit;
  const isGrouped = group === "name" || isTooLarge;
  const { nodes, edges } = isGrouped ? groupedByName(lineage) : await oneByOne(explored, lineage);
  return {
    nodes: nodes.slice(0, limit),
    edges,
    isGrouped,
    ...(isTooLarge && group !== "name"
      ? { groupedBecause: `${artifacts} artifacts are more than the ${limit} that are drawn one by one.` }
      : {}),
    artifacts: lineage.isCut ? Math.max(total, artifacts) : artifacts,
    shown: artifacts,
    limit,
    commands,
  };
}

/** Answers `/api/graph-file`. */
export async function graphFile(explored: ExploredLineage, asked: Asked): Promise<string> {
  const { lineage } = await lineageOf(explored, asked);
  if (lineage.nodes.length > MAX_NODES)
    throw bad(
      `The graph has ${lineage.nodes.length} artifacts.`,
      `Ask for fewer steps: at most ${MAX_NODES} are written.`,
    );
  const drawn = {
    nodes: lineage.nodes.map((node) => ({ ...node, hasRecord: node.state === "present" })),
    edges: lineage.edges,
  };
  return asked.oneOf("format", ["mermaid", "dot"]) === "dot" ? toDot(drawn) : toMermaid(drawn);
}

async function lineageOf(
  explored: ExploredLineage,
  asked: Asked,
): Promise<{ readonly lineage: CatalogLineage; readonly total: number; readonly commands: GraphAnswer["commands"] }> {
  const { catalog, commands } = explored;
  const digits = asked.texts("of", MAX_ROOTS).map(checkDigits);
  const query = queryText(parseQuery(asked.query()));
  const found =
    digits.length > 0
      ? await Promise.all(digits.map((each) => findArtifact(catalog, each)))
      : (await catalog.find(query, { limit: MAX_FOUND, columns: [] })).artifacts;
  const total = digits.length > 0 ? digits.length : (await catalog.find(query, { limit: 0 })).total;
  const roots = found.map(({ name, address }) => ({ name, address }));
  const options = {
    up: asked.whole("up", { fallback: 1, most: MAX_STEPS }),
    down: asked.whole("down", { fallback: 0, most: MAX_STEPS }),
  };
  const [first] = found;
  const shell = first === undefined ? ["ls"] : ["graph", ...found.slice(0, 10).map(pathOf)];
  return {
    lineage: await catalog.lineage(roots, options),
    total,
    commands: commands.commands(
      shell,
      (dataDir) => `await openCatalog(${dataDir}).lineage(${literal(roots.slice(0, 10))}, ${literal(options)});`,
    ),
  };
}

type Drawn = Pick<GraphAnswer, "nodes" | "edges">;

async function oneByOne({ catalog }: ExploredLineage, { nodes, edges }: CatalogLineage): Promise<Drawn> {
  const entries = await Promise.all(nodes.map(({ name, address }) => catalog.get(name, address)));
  const varying = varyingParams(entries.filter((entry) => entry !== undefined));
  const drawn = nodes.map(({ address, name, state, isRoot }, i): GraphNode => {
    const entry = entries[i];
    const { createdAt, durationMs } = entry ?? {};
    return {
      ...{ kind: "artifact", id: address, name, state, isRoot },
      values: entry === undefined ? {} : valuesAt(entry, (varying.get(name) ?? []).slice(0, MAX_VALUES)),
      ...(createdAt === undefined ? {} : { createdAt }),
      ...(durationMs === undefined ? {} : { durationMs }),
    };
  });
  return { nodes: drawn, edges: edges.map((edge) => ({ ...edge, count: 1 })) };
}

/** The params of each name that differ between its artifacts; all params of a single artifact. */
function varyingParams(entries: readonly CatalogEntry[]): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, Map<string, Set<string>>>();
  const counts = new Map<string, number>();
  for (const { name, params } of entries) {
    const fields = names.get(name) ?? new Map<string, Set<string>>();
    names.set(name, fields);
    counts.set(name, (counts.get(name) ?? 0) + 1);
    for (const { path, value } of leavesOf(params)) {
      const values = fields.get(paramField(path)) ?? new Set<string>();
      fields.set(paramField(path), values.add(JSON.stringify(value)));
    }
  }
  const isShown = (name: string, values: ReadonlySet<string>): boolean => values.size > 1 || counts.get(name) === 1;
  return new Map(
    [...names].map(([name, fields]) => [
      name,
      [...fields].filter(([, values]) => isShown(name, values)).map(([field]) => field),
    ]),
  );
}

/** All artifacts of a name become one node; their edges become one for each role. */
function groupedByName({ nodes, edges }: CatalogLineage): Drawn {
  const nameOf = new Map<string, string>();
  const groups = new Map<string, { count: number; states: Record<string, number>; hasRoot: boolean }>();
  for (const { address, name, state, isRoot } of nodes) {
    nameOf.set(address, name);
    const group = groups.get(name) ?? { count: 0, states: {}, hasRoot: false };
    groups.set(name, group);
    group.count += 1;
    group.states[state] = (group.states[state] ?? 0) + 1;
    group.hasRoot ||= isRoot;
  }
  const joined = new Map<string, GraphEdge & { count: number }>();
  for (const { from, to, role } of edges) {
    const ends = { from: idOf(nameOf.get(from) ?? ""), to: idOf(nameOf.get(to) ?? ""), role };
    const key = JSON.stringify(ends);
    const edge = joined.get(key) ?? { ...ends, count: 0 };
    joined.set(key, edge);
    edge.count += 1;
  }
  return {
    nodes: [...groups].map(
      ([name, group]): GraphNode => ({ kind: "name", id: idOf(name), name, ...group, query: nameTerm(name) }),
    ),
    edges: [...joined.values()],
  };
}

function idOf(name: string): string {
  return `name:${name}`;
}
