import * as Plot from "@observablehq/plot";
import { useMemo } from "react";
import type { NameAnswer } from "../../../../src/explorer/api.ts";
import { useAnswer } from "../../api/use-answer.ts";
import { Link } from "../../location/link.tsx";
import { navigate, urlOf } from "../../location/location.ts";
import { artifactsUrl } from "../../location/pages.ts";
import { CommandsBar } from "../../parts/commands-bar.tsx";
import { Drawing } from "../../parts/drawing/drawing.tsx";
import { PlotFigure } from "../../parts/drawing/plot-figure.tsx";
import { Answer } from "../../parts/notices.tsx";
import { ScrollBox } from "../../parts/scroll-box.tsx";
import { stateWord } from "../../parts/state-mark.tsx";
import { ARTIFACT_COLUMNS } from "../../parts/table/artifact-columns.tsx";
import { DataTable } from "../../parts/table/data-table.tsx";
import {
  countOf,
  formatBytes,
  formatCost,
  formatCount,
  formatDuration,
  formatTime,
  formatValue,
} from "../../text/format.ts";
import { FacetCard } from "../artifacts/facets-panel.tsx";

/** All artifacts of one name together: how long they take, what they cost, how often they fail. */
export function NamePage({ name }: { readonly name: string }) {
  const asked = useAnswer("/api/name", { name });
  return (
    <main>
      <h1>{name}</h1>
      <Answer of={asked} what={name}>
        {(answer) => <ShownName answer={answer} />}
      </Answer>
    </main>
  );
}

function ShownName({ answer }: { readonly answer: NameAnswer }) {
  const { name, total, facets, sizeBytes, durationMs, cost, history, failures, logTail, commands } = answer;
  const query = JSON.stringify(name) === `"${name}"` && /^[\w.-]+$/.test(name) ? name : `name=${JSON.stringify(name)}`;
  const varying = facets.facets.filter(
    ({ field, kind }) => ["state", "version"].includes(field) || (kind !== "fact" && facets.varying.includes(field)),
  );
  return (
    <>
      <p>
        <Link href={artifactsUrl(query)}>{countOf(total, "artifact")}</Link>, {formatBytes(sizeBytes)}, generated in{" "}
        {formatDuration(durationMs)}
        {Object.keys(cost).length === 0 ? "" : ` for ${formatCost(cost)}`} ·{" "}
        <Link href={urlOf("/sweep", { name })}>as a sweep</Link> ·{" "}
        <Link href={urlOf("/graph", { q: query })}>graph</Link> · <Link href={urlOf("/why", { name })}>why</Link>
      </p>
      <History history={history} measure="durationMs" title="Durations" show={formatDuration} />
      <History history={history} measure="sizeBytes" title="Sizes" show={formatBytes} />
      <section>
        <h2>Values</h2>
        <div className="cards">
          {varying.slice(0, 24).map((facet) => (
            <FacetCard key={facet.field} facet={facet} query={query} onQuery={(next) => navigate(artifactsUrl(next))} />
          ))}
        </div>
        {facets.constants.length === 0 ? null : (
          <p className="small">
            The same everywhere:{" "}
            {facets.constants
              .slice(0, 20)
              .map(({ field, value }) => `${field} ${formatValue(value)}`)
              .join(", ")}
            {facets.constants.length > 20 ? `, and ${formatCount(facets.constants.length - 20)} more` : ""}
          </p>
        )}
      </section>
      {failures.total === 0 ? null : (
        <DataTable
          title="Failures"
          columns={ARTIFACT_COLUMNS}
          rows={failures.rows}
          total={failures.total}
          keyOf={({ address }) => address}
          isMain
        />
      )}
      {logTail.length === 0 ? null : (
        <section>
          <h2>End of its log</h2>
          <ScrollBox label="End of the log">
            <pre className="payload">{logTail.join("\n")}</pre>
          </ScrollBox>
        </section>
      )}
      <CommandsBar commands={commands} />
    </>
  );
}

function History({
  history,
  measure,
  title,
  show,
}: {
  readonly history: NameAnswer["history"];
  readonly measure: "durationMs" | "sizeBytes";
  readonly title: string;
  readonly show: (value: number) => string;
}) {
  const points = useMemo(
    () =>
      history.rows.flatMap((row) =>
        row[measure] === undefined ? [] : [{ ...row, at: new Date(row.createdAt), value: row[measure] }],
      ),
    [history, measure],
  );
  const values = points.map(({ value }) => value).sort((one, other) => one - other);
  const middle = values[Math.floor(values.length / 2)];
  const options = useMemo<Plot.PlotOptions>(
    () => ({
      height: 180,
      marginLeft: 64,
      x: { type: "time", label: null },
      y: { grid: true, label: null, tickFormat: (value: number) => show(value) },
      marks: [
        Plot.dot(points, {
          x: "at",
          y: "value",
          r: 2.5,
          stroke: "currentColor",
          symbol: ({ state }: { readonly state: string }) => (state === "failed" ? "times" : "circle"),
          title: ({ address, value }: { readonly address: string; readonly value: number }) =>
            `${address.slice(0, 8)}: ${show(value)}`,
        }),
        Plot.ruleY([0]),
      ],
    }),
    [points, show],
  );
  if (middle === undefined) return null;
  const summary = `${countOf(points.length, "artifact")}${points.length < history.total ? ` of ${formatCount(history.total)}` : ""}, from ${show(values[0] ?? 0)} to ${show(values.at(-1) ?? 0)}, half of them up to ${show(middle)}`;
  const table = {
    titles: ["when", "address", title.toLowerCase(), "state"],
    rows: points.map((row) => [
      formatTime(row.createdAt),
      row.address.slice(0, 8),
      show(row.value),
      stateWord(row.state),
    ]),
  };
  return (
    <Drawing title={`${title} over time`} summary={summary} table={table}>
      <PlotFigure options={options} />
    </Drawing>
  );
}
