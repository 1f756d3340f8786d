import type { Facet } from "../../catalog/open/facet.ts";
import type { CatalogEntry } from "../../catalog/query/catalog-entry.ts";
import { numericValue, timeValue } from "../../catalog/query/operand.ts";
import { parseQuery } from "../../catalog/query/parse-query.ts";
import { compareValues } from "../../catalog/query/sort-entries.ts";
import type { Json } from "../shapes/common.ts";
import type { SweepAnswer, SweepAxis, SweepPoint } from "../shapes/drawing-shapes.ts";
import { kindOf, valuesAt } from "./artifact-row.ts";
import type { Asked } from "./asked.ts";
import { type CommandWriter, literal } from "./commands.ts";
import { type ArtifactSource, findName } from "./explored-store.ts";
import { nameTerm, queryTerms, queryText } from "./terms.ts";

const MAX_AXES = 12;
const MAX_POINTS = 5000;
const MAX_AXIS_VALUES = 200;
const FACTS = ["took", "size", "created"];

/** Answers `/api/sweep`. */
export async function answerSweep(source: ArtifactSource, commands: CommandWriter, asked: Asked): Promise<SweepAnswer> {
  const name = await findName(source, asked.required("name"));
  const query = [nameTerm(name), queryText(parseQuery(asked.query()))].join(" ").trim();
  const [{ total, artifacts }, facets] = await Promise.all([
    source.find(query, { limit: MAX_POINTS }),
    source.facets(query),
  ]);
  const axes = facets
    .filter(({ field, distinct, count }) => kindOf(field) === "params" && (distinct > 1 || count < total))
    .sort((one, other) => other.distinct - one.distinct)
    .slice(0, MAX_AXES)
    .map(axisOf);
  const measures = [...facets.filter(isMeasure).map(({ field }) => field), ...FACTS];
  const fields = axes.map(({ field }) => field);
  return {
    name,
    query,
    axes,
    measures,
    points: artifacts.map((entry) => pointOf(entry, fields, measures)),
    total,
    commands: commands.ofQuery(
      ["ls"],
      queryTerms(parseQuery(query)),
      (dataDir) => `await openCatalog(${dataDir}).find(${literal(query)});`,
    ),
  };
}

function isMeasure({ field, histogram }: Facet): boolean {
  const kind = kindOf(field);
  return (kind === "summary" || kind === "cost") && histogram !== undefined;
}

function axisOf({ field, values, distinct, histogram }: Facet): SweepAxis {
  return {
    field,
    isNumeric: histogram !== undefined,
    values: values
      .map(({ value }) => value)
      .sort(compareValues)
      .slice(0, MAX_AXIS_VALUES),
    distinct,
  };
}

function pointOf(entry: CatalogEntry, axes: readonly string[], measures: readonly string[]): SweepPoint {
  const values = valuesAt(entry, [...axes, ...measures]);
  return {
    address: entry.address,
    state: entry.state,
    at: axes.map((field) => values[field] ?? null),
    measures: measures.map((field) => numberIn(values[field])),
  };
}

/** JSON holds neither NaN nor infinity. */
function numberIn(value: Json | undefined): number | null {
  const number = value === undefined ? undefined : (numericValue(value) ?? timeValue(value));
  return number === undefined || !Number.isFinite(number) ? null : number;
}
