import type { FacetsAnswer } from "../../../../src/explorer/api.ts";
import { changeParams, useLocation } from "../../location/location.ts";
import { countOf, formatValue } from "../../text/format.ts";

/** Chooses the columns. What never varies is hidden until the reader asks for it. */
export function ColumnsMenu({
  facets,
  shown,
}: {
  readonly facets: FacetsAnswer | undefined;
  readonly shown: readonly string[];
}) {
  const { params } = useLocation();
  if (facets === undefined) return null;
  const { constants, varying } = facets;
  const isAll = params.get("d") === "all";
  const fields = [...varying, ...constants.map(({ field }) => field)];
  const hidden = fields.filter((field) => !shown.includes(field)).length;
  const choose = (field: string) => {
    const next = shown.includes(field) ? shown.filter((other) => other !== field) : [...shown, field];
    changeParams({ c: next.join(",") || undefined });
  };
  return (
    <>
      {hidden === 0 && !isAll ? null : (
        <button
          type="button"
          aria-pressed={isAll}
          onClick={() => changeParams({ d: isAll ? undefined : "all", c: undefined })}
        >
          {isAll ? "Show only what differs" : `Show ${countOf(hidden, "more column")}`}
        </button>
      )}
      <details className="menu">
        <summary>Columns</summary>
        <ul>
          {fields.slice(0, 200).map((field) => {
            const constant = constants.find((other) => other.field === field);
            return (
              <li key={field}>
                <label>
                  <input type="checkbox" checked={shown.includes(field)} onChange={() => choose(field)} /> {field}
                  {constant === undefined ? null : <span className="small"> = {formatValue(constant.value)}</span>}
                </label>
              </li>
            );
          })}
        </ul>
      </details>
    </>
  );
}
