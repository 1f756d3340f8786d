import type { FacetShape, FacetsAnswer } from "../../../../src/explorer/api.ts";
import { Bars } from "../../parts/bars.tsx";
import { countOf, formatCount, formatNumber, formatTime, formatValue } from "../../text/format.ts";
import { hasTerm, toggleTerm, withRange } from "../../text/terms.ts";

const SHOWN_VALUES = 6;
const SHOWN_FACETS = 24;

/** The values among the artifacts of the query, with their counts: a click adds a term. */
export function FacetsPanel({
  facets: { facets, varying, fieldCount },
  query,
  onQuery,
}: {
  readonly facets: FacetsAnswer;
  readonly query: string;
  readonly onQuery: (query: string) => void;
}) {
  const isShown = ({ field, kind }: FacetShape) =>
    ["name", "state", "created"].includes(field) || (kind !== "fact" && varying.includes(field));
  const shown = facets.filter(isShown).sort((one, other) => orderOf(one) - orderOf(other));
  return (
    <>
      {shown.slice(0, SHOWN_FACETS).map((facet) => (
        <FacetCard key={facet.field} facet={facet} query={query} onQuery={onQuery} />
      ))}
      <p className="small">
        {countOf(fieldCount, "field")}, of which {formatCount(Math.min(SHOWN_FACETS, shown.length))} are shown.
      </p>
    </>
  );
}

function orderOf({ field }: FacetShape): number {
  const first = ["name", "state"].indexOf(field);
  if (first >= 0) return first - 3;
  return field === "created" ? 1 : 0;
}

export function FacetCard({
  facet,
  query,
  onQuery,
}: {
  readonly facet: FacetShape;
  readonly query: string;
  readonly onQuery: (query: string) => void;
}) {
  const { field, count, distinct, isDistinctCut, values, histogram } = facet;
  const hasRange = histogram !== undefined && distinct > SHOWN_VALUES;
  return (
    <section className="facet" aria-label={`Values of ${field}`}>
      <h2>
        {field}{" "}
        <span className="small">
          {formatCount(distinct)}
          {isDistinctCut === true ? " or more" : ""}
        </span>
      </h2>
      {hasRange ? (
        <Range facet={facet} histogram={histogram} query={query} onQuery={onQuery} />
      ) : (
        <ul>
          {values.slice(0, SHOWN_VALUES).map(({ value, count: own, term }) => (
            <li key={term}>
              <button
                type="button"
                aria-pressed={hasTerm(query, term)}
                onClick={() => onQuery(toggleTerm(query, term))}
              >
                <span className="value">{formatValue(value) || "(empty)"}</span>
                <meter min={0} max={count} value={own} aria-label={`${formatCount(own)} of ${formatCount(count)}`} />
                <span className="small">{formatCount(own)}</span>
              </button>
            </li>
          ))}
          {distinct > SHOWN_VALUES ? <li className="small">and {formatCount(distinct - SHOWN_VALUES)} more</li> : null}
        </ul>
      )}
    </section>
  );
}

function Range({
  facet: { field },
  histogram: { min, max, bins, isTime },
  query,
  onQuery,
}: {
  readonly facet: FacetShape;
  readonly histogram: NonNullable<FacetShape["histogram"]>;
  readonly query: string;
  readonly onQuery: (query: string) => void;
}) {
  const show = (value: number) => (isTime ? formatTime(value) : formatNumber(value));
  const asTerm = (value: number) => (isTime ? new Date(value).toISOString() : String(Number(value.toPrecision(12))));
  const edge = (index: number) => min + ((max - min) * index) / bins.length;
  return (
    <>
      <Bars
        counts={bins}
        label={`${field} from ${show(min)} to ${show(max)}`}
        onChoose={(index) => onQuery(withRange(query, field, asTerm(edge(index)), asTerm(edge(index + 1))))}
      />
      <div className="range">
        <span>{show(min)}</span>
        <span>{show(max)}</span>
      </div>
      <form
        className="range"
        onSubmit={(event) => {
          event.preventDefault();
          const given = new FormData(event.currentTarget);
          const text = (name: string) => String(given.get(name) ?? "").trim() || undefined;
          onQuery(withRange(query, field, text("from"), text("to")));
        }}
      >
        <input name="from" aria-label={`${field} from`} placeholder="from" size={6} />
        <input name="to" aria-label={`${field} to`} placeholder="to" size={6} />
        <button type="submit">Set</button>
      </form>
    </>
  );
}
