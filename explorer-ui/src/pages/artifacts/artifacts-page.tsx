import { useMemo } from "react";
import type { ArtifactRow, FacetsAnswer } from "../../../../src/explorer/api.ts";
import { ask, routeUrl } from "../../api/ask.ts";
import { useLive } from "../../api/live.tsx";
import { useAnswer } from "../../api/use-answer.ts";
import { useWindows } from "../../api/use-windows.ts";
import { useShortcuts } from "../../keyboard/shortcuts.ts";
import { changeParams, navigate, urlOf, useLocation } from "../../location/location.ts";
import { artifactUrl, compareUrl, graphUrl, shortAddress, whyUrl } from "../../location/pages.ts";
import { announce } from "../../parts/announcer.tsx";
import { CommandsBar } from "../../parts/commands-bar.tsx";
import { copyText } from "../../parts/copy-button.tsx";
import { ExportMenu } from "../../parts/export-menu.tsx";
import { Loading, Problem } from "../../parts/notices.tsx";
import { QueryProblem } from "../../parts/query-line.tsx";
import { formatCount } from "../../text/format.ts";
import { ArtifactGrid } from "./artifact-grid.tsx";
import { ChosenBar } from "./chosen-bar.tsx";
import { ColumnsMenu } from "./columns-menu.tsx";
import { FacetsPanel } from "./facets-panel.tsx";
import { FirstSteps, NothingFound } from "./nothing-found.tsx";

/** Every artifact of the data directory as a table, filtered by the query line. */
export function ArtifactsPage() {
  const { params } = useLocation();
  const query = params.get("q") ?? "";
  const sort = params.get("s") ?? "";
  const chosen = useMemo(() => new Set(params.getAll("a")), [params]);
  const live = useLive();
  const facets = useAnswer("/api/facets", { query });
  const fields = useFields(params.get("c"), params.get("d") === "all", facets.answer);
  const asked = { query, sort, columns: fields.slice(0, 100) };
  const rows = useWindows(
    facets.answer === undefined && facets.error === undefined ? "" : `${routeUrl("", asked)} ${live.version}`,
    (offset, limit, signal) => ask("/api/artifacts", { ...asked, offset, limit }, signal),
  );
  // In the URL, so that going back from an artifact leads to its row.
  const active = Number(params.get("r")) || 0;
  const setActive = (index: number) => changeParams({ r: index === 0 ? undefined : String(index) });
  const { answer } = rows;
  const last = Math.max(0, (answer?.total ?? 0) - 1);
  const row = rows.rowAt(active);
  const subjects = chosen.size > 0 ? [...chosen] : row === undefined ? [] : [shortAddress(row.address)];

  const setQuery = (text: string) => changeParams({ q: text, r: undefined }, { isStep: true });
  function toggle({ address }: ArtifactRow): void {
    const short = shortAddress(address);
    const others = [...chosen].filter((other) => other !== short);
    changeParams({ a: others.length === chosen.size ? [...others, short] : others });
  }
  function compare(): void {
    if (chosen.size < 2) announce("Choose at least two artifacts to compare: x chooses the row.");
    else navigate(compareUrl([...chosen]));
  }
  const [subject] = subjects;
  useShortcuts({
    j: () => setActive(Math.min(last, active + 1)),
    k: () => setActive(Math.max(0, active - 1)),
    ArrowDown: () => setActive(Math.min(last, active + 1)),
    ArrowUp: () => setActive(Math.max(0, active - 1)),
    Home: () => setActive(0),
    End: () => setActive(last),
    Enter: () => row && navigate(artifactUrl(row.address)),
    x: () => row && toggle(row),
    " ": () => row && toggle(row),
    c: compare,
    d: () => changeParams({ d: params.get("d") === "all" ? undefined : "all" }),
    w: () => subject && navigate(whyUrl(subject)),
    g: () => subjects.length > 0 && navigate(graphUrl(subjects)),
    p: () => row && navigate(urlOf("/sweep", { name: row.name, q: query })),
    y: () => row && void copyText(row.address, "address"),
  });

  const error = rows.error ?? facets.error;
  return (
    <main className="artifacts-page">
      <h1 className="hidden">Artifacts</h1>
      <details className="facets" open={window.innerWidth > 800}>
        <summary>Facets</summary>
        {facets.answer === undefined ? null : <FacetsPanel facets={facets.answer} query={query} onQuery={setQuery} />}
      </details>
      <div className="artifacts">
        <div className="toolbar">
          <p role="status" className="count">
            {answer === undefined ? "" : `${formatCount(answer.total)} of ${formatCount(answer.all)}`}
          </p>
          <ColumnsMenu facets={facets.answer} shown={fields} />
          <ExportMenu
            name="artifacts"
            isMain
            fileUrl={(format) => routeUrl("/api/artifacts-file", { query, sort, columns: fields, format })}
          />
        </div>
        {error === undefined ? null : error.position === undefined ? (
          <Problem error={error} />
        ) : (
          <QueryProblem query={query} error={error} />
        )}
        {answer === undefined && error === undefined ? <Loading what="artifacts" /> : null}
        {answer?.total === 0 && answer.all === 0 ? <FirstSteps /> : null}
        {answer?.total === 0 && answer.all > 0 ? <NothingFound query={query} /> : null}
        {answer !== undefined && answer.total > 0 && error === undefined ? (
          <ArtifactGrid
            rows={rows}
            fields={fields}
            sort={sort}
            active={active}
            chosen={chosen}
            onActive={setActive}
            onSort={(next) => changeParams({ s: next, r: undefined }, { isStep: true })}
            onChoose={toggle}
          />
        ) : null}
        <ChosenBar chosen={[...chosen]} subjects={subjects} onCompare={compare} />
        <CommandsBar commands={answer?.commands} />
      </div>
    </main>
  );
}

/** The columns that the URL names, or those that tell artifacts apart, or every one. */
function useFields(named: string | null, isAll: boolean, facets: FacetsAnswer | undefined): readonly string[] {
  return useMemo(() => {
    if (named !== null) return named.split(",");
    if (facets === undefined) return [];
    if (!isAll) return tellingColumns(facets);
    return [...facets.varying, ...facets.constants.map(({ field }) => field)].slice(0, 100);
  }, [named, isAll, facets]);
}

const MIN_SHARE = 0.2;

/**
 * With several names in one table, many fields belong to few rows: such columns wait in the menu.
 */
function tellingColumns({ total, facets, defaultColumns }: FacetsAnswer): readonly string[] {
  const telling = facets.filter(({ count, distinct }) => distinct > 1 && count >= total * MIN_SHARE);
  const fields = new Set(telling.map(({ field }) => field));
  const chosen = defaultColumns.filter((field) => fields.has(field));
  return chosen.length > 0 ? chosen : defaultColumns;
}
