import type { Facet } from "../../catalog/open/facet.ts";
import { parseQuery } from "../../catalog/query/parse-query.ts";
import type { ArtifactsAnswer, FacetShape, FacetsAnswer } from "../shapes/artifact-shapes.ts";
import type { ArtifactRow, Window } from "../shapes/common.ts";
import { allValuesOf, kindOf, rowOf } from "./artifact-row.ts";
import type { Asked } from "./asked.ts";
import { unescaped } from "./asked.ts";
import { type CommandWriter, literal } from "./commands.ts";
import { type ArtifactSource, type ExploredLineage, findArtifact } from "./explored-store.ts";
import { queryTerms, queryText, termOf } from "./terms.ts";

const MAX_FIELDS = 500;
const MOST_DEFAULT_COLUMNS = 12;
const MAX_COLUMNS = 100;
/** A field with more values is described by its histogram. */
const MOST_DISTINCT = 10_000;
const NUMERIC_TYPES = new Set(["created"]);

/** Answers `/api/artifacts`. */
export async function answerArtifacts(
  source: ArtifactSource,
  commands: CommandWriter,
  asked: Asked,
): Promise<ArtifactsAnswer> {
  const query = parseQuery(asked.query());
  const { offset, limit } = asked.part();
  const sort = unescaped(asked.text("sort") ?? "");
  const given = asked.texts("columns", MAX_COLUMNS).map(unescaped);
  const columns = given.length > 0 ? given : (await facetsAnswer(source, asked.query())).defaultColumns;
  const order = sort === "" ? undefined : sort;
  const { total, artifacts } = await source.find(query, { sort: order, offset, limit, columns });
  const all = query.terms.length === 0 ? total : (await source.find([], { limit: 0 })).total;
  const text = queryText(query);
  const sorted = sort === "" ? "" : `, { sort: ${literal(sort)} }`;
  return {
    query: text,
    total,
    all,
    offset,
    sort,
    columns,
    rows: artifacts.map((entry) => rowOf(entry, columns)),
    commands: commands.ofQuery(
      ["ls", ...(sort === "" ? [] : [`--sort=${sort}`])],
      queryTerms(query),
      (dataDir) => `await openCatalog(${dataDir}).find(${literal(text)}${sorted});`,
    ),
  };
}

/** Answers `/api/dependents`. */
export async function answerDependents(
  { catalog }: Pick<ExploredLineage, "catalog">,
  asked: Asked,
): Promise<Window<ArtifactRow>> {
  const { address } = await findArtifact(catalog, asked.address());
  const { offset, limit } = asked.part();
  const { total, artifacts } = await catalog.find([`from=${address}`], { offset, limit });
  return { total, offset, rows: artifacts.map((entry) => rowOf(entry, [...allValuesOf(entry).keys()])) };
}

/** Answers `/api/facets`. */
export function answerFacets(source: ArtifactSource, asked: Asked): Promise<FacetsAnswer> {
  return facetsAnswer(source, asked.query());
}

export async function facetsAnswer(source: ArtifactSource, query: string): Promise<FacetsAnswer> {
  const [{ total }, facets] = await Promise.all([
    source.find(query, { limit: 0 }),
    source.facets(query, { mostDistinct: MOST_DISTINCT }),
  ]);
  const shown = facets.slice(0, MAX_FIELDS).map((facet) => facetShape(facet, total));
  const values = shown.filter(({ kind }) => kind !== "fact");
  const varying = values.filter(({ isConstant }) => !isConstant).sort(byVariation);
  const fields = varying.map(({ field }) => field);
  const isSingle = total === 1;
  return {
    total,
    facets: shown,
    fieldCount: facets.length,
    varying: fields,
    constants: values
      .filter(({ isConstant }) => isConstant)
      .flatMap(({ field, values: [first] }) => (first === undefined ? [] : [{ field, value: first.value }])),
    defaultColumns: (isSingle ? values.map(({ field }) => field) : fields).slice(0, MOST_DEFAULT_COLUMNS),
  };
}

function facetShape(facet: Facet, total: number): FacetShape {
  const { field, count, distinct, values, histogram, isDistinctCut, sum } = facet;
  const kind = kindOf(field);
  return {
    field,
    kind,
    count,
    distinct,
    ...(isDistinctCut === true ? { isDistinctCut } : {}),
    // A failure has neither a summary nor a cost, which does not make them vary.
    isConstant: distinct === 1 && (count === total || kind === "summary" || kind === "cost"),
    values: values.map(({ value, count }) => ({ value, count, term: termOf(field, value) })),
    ...(sum === undefined ? {} : { sum }),
    ...(histogram === undefined ? {} : { histogram: { isTime: NUMERIC_TYPES.has(field), ...histogram } }),
  };
}

/** Params come before summaries and costs; the fields with the most values come first. */
function byVariation(one: FacetShape, other: FacetShape): number {
  const rank = ({ kind }: FacetShape): number => ["params", "summary", "cost"].indexOf(kind);
  return rank(one) - rank(other) || other.distinct - one.distinct || (one.field < other.field ? -1 : 1);
}
