import { useEffect, useState } from "react";
import type { RunAnswer, RunNode } from "../../../../src/explorer/api.ts";
import { routeUrl } from "../../api/ask.ts";
import { useAnswer } from "../../api/use-answer.ts";
import { isFile } from "../../exported/exported-data.ts";
import { Link } from "../../location/link.tsx";
import { changeParams, useLocation } from "../../location/location.ts";
import { artifactUrl, shortAddress } from "../../location/pages.ts";
import { CommandsBar } from "../../parts/commands-bar.tsx";
import { Drawing } from "../../parts/drawing/drawing.tsx";
import { Answer } from "../../parts/notices.tsx";
import { StateMark, stateWord } from "../../parts/state-mark.tsx";
import { ADDRESS_COLUMN, NAME_COLUMN } from "../../parts/table/artifact-columns.tsx";
import type { Column } from "../../parts/table/column.ts";
import { DataTable } from "../../parts/table/data-table.tsx";
import { countOf, formatCost, formatCount, formatDuration, formatTime } from "../../text/format.ts";
import { Waterfall } from "./waterfall.tsx";

const NODE_COLUMNS: readonly Column<RunNode>[] = [
  ADDRESS_COLUMN,
  NAME_COLUMN,
  { id: "params", title: "params", text: ({ params }) => params ?? "" },
  {
    id: "outcome",
    title: "outcome",
    text: ({ outcome }) => stateWord(outcome),
    show: ({ outcome }) => <StateMark state={outcome} />,
  },
  {
    id: "took",
    title: "took",
    text: ({ durationMs }) => formatDuration(durationMs),
    order: ({ durationMs }) => durationMs,
    isNumeric: true,
  },
  {
    id: "waited",
    title: "waited",
    text: ({ waitedMs }) => formatDuration(waitedMs),
    order: ({ waitedMs }) => waitedMs,
    isNumeric: true,
  },
  {
    id: "attempts",
    title: "attempts",
    text: ({ attempts }) => String(attempts ?? ""),
    order: ({ attempts }) => attempts,
    isNumeric: true,
  },
  { id: "critical", title: "critical path", text: ({ isCritical }) => (isCritical ? "yes" : "") },
  {
    id: "error",
    title: "error or reason",
    text: ({ error, reason }) => (error === undefined ? (reason ?? "") : `${error.name}: ${error.message}`),
  },
];

/** As many nodes as the server sends at once. */
const MOST_NODES = 2000;

/** One run as it went, or goes: when each worker did what, and what everything waited for. */
export function RunPage({ id }: { readonly id: string }) {
  const [version, setVersion] = useState(0);
  const asked = useAnswer("/api/run", { id, limit: MOST_NODES }, version);
  const isRunning = asked.answer?.run.state === "running";
  useRunEvents(id, asked.answer?.cursor, isRunning, () => setVersion((before) => before + 1));
  return (
    <main>
      <h1>
        Run <span className="mono">{id}</span>{" "}
        {asked.answer === undefined ? null : <StateMark state={asked.answer.run.state} />}
      </h1>
      <Answer of={asked} what="the run">
        {(answer) => <ShownRun answer={answer} />}
      </Answer>
    </main>
  );
}

const PAUSE_MS = 500;

/** While the run goes on, its events say when to look again: at most twice a second. */
function useRunEvents(id: string, cursor: number | undefined, isRunning: boolean, onChange: () => void): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: each answer has another cursor, and begins this again.
  useEffect(() => {
    if (!isRunning || cursor === undefined || isFile) return;
    const source = new EventSource(routeUrl("/api/events/run", { id, after: String(cursor) }));
    let timer: ReturnType<typeof setTimeout> | undefined;
    const hear = () => {
      timer ??= setTimeout(onChange, PAUSE_MS);
    };
    source.addEventListener("event", hear);
    source.addEventListener("end", () => {
      source.close();
      hear();
    });
    return () => {
      source.close();
      clearTimeout(timer);
    };
  }, [id, cursor, isRunning]);
}

function ShownRun({ answer }: { readonly answer: RunAnswer }) {
  const { run, nodes, criticalPath, commands } = answer;
  const { params } = useLocation();
  const chosen = nodes.rows.find(({ address }) => address.startsWith(params.get("n") ?? " "));
  const done = run.hits + run.generated + run.failed + run.cancelled;
  const criticalMs = nodes.rows.reduce((sum, { isCritical, durationMs = 0 }) => sum + (isCritical ? durationMs : 0), 0);
  const summary = [
    run.planned === undefined
      ? `${formatCount(done)} done`
      : `${formatCount(done)} of ${formatCount(run.planned)} done`,
    run.durationMs === undefined ? "still running" : formatDuration(run.durationMs),
    `${formatCount(run.hits)} were there${run.savedMs === undefined ? "" : ` (saved ${formatDuration(run.savedMs)})`}`,
    `${formatCount(run.generated)} generated`,
    `${formatCount(run.failed)} failed`,
    `${formatCount(run.cancelled)} cancelled`,
    formatCost(run.cost),
  ].filter((part) => part !== "");
  return (
    <>
      <p>{summary.join(" · ")}</p>
      <p className="small">
        {formatTime(run.startedAt)} on {run.host}, process {run.pid}
        {run.command === undefined ? "" : `: ${run.command.join(" ")}`}
      </p>
      {run.state === "killed" ? (
        <p className="notice" data-tone="bad">
          Its process ended without saying how the run ended. What it had generated is kept: run it again, and only the
          rest is done.
        </p>
      ) : null}
      <Drawing
        title="Waterfall"
        summary={`${countOf(nodes.rows.length, "node")}${nodes.rows.length < nodes.total ? ` of ${formatCount(nodes.total)}` : ""} on ${countOf(answer.lanes, "lane")}; the critical path has ${countOf(criticalPath.length, "node")} and ${formatDuration(criticalMs)} of work`}
        table={{
          titles: NODE_COLUMNS.map(({ title }) => title),
          rows: nodes.rows.map((node) => NODE_COLUMNS.map(({ text }) => text(node))),
        }}
      >
        <Waterfall
          answer={answer}
          chosen={chosen?.address}
          onChoose={(address) => changeParams({ n: shortAddress(address) })}
        />
      </Drawing>
      {chosen === undefined ? null : <ChosenNode node={chosen} />}
      <DataTable
        title="Nodes"
        columns={NODE_COLUMNS}
        rows={nodes.rows}
        total={nodes.total}
        keyOf={({ address }) => address}
        isMain
      />
      <CommandsBar commands={commands} />
    </>
  );
}

function ChosenNode({ node }: { readonly node: RunNode }) {
  const { address, name, outcome, params, error, reason, attempts, worker, log } = node;
  return (
    <section className="notice" aria-label="Chosen node">
      <p>
        <Link href={artifactUrl(address)}>
          {name} <span className="mono">{shortAddress(address)}</span>
        </Link>{" "}
        <StateMark state={outcome} /> {params}
      </p>
      <p className="small">
        waited {formatDuration(node.waitedMs) || "0 ms"}, generated in {formatDuration(node.durationMs) || "no time"}
        {attempts !== undefined && attempts > 1 ? `, ${attempts} attempts` : ""}
        {worker === undefined ? "" : `, on ${worker}`}
      </p>
      {error === undefined ? null : (
        <p>
          <strong>
            {error.name}: {error.message}
          </strong>
        </p>
      )}
      {reason === undefined ? null : <p>{reason}</p>}
      {log === undefined ? null : (
        <pre className="payload">{log.map(({ level, message }) => `${level} ${message}`).join("\n")}</pre>
      )}
    </section>
  );
}
