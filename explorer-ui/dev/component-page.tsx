import type { ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { AskError } from "../src/api/ask.ts";
import { GivenLive, type Live } from "../src/api/live.tsx";
import { PreviewShown } from "../src/pages/artifact/payload-preview.tsx";
import { FacetCard } from "../src/pages/artifacts/facets-panel.tsx";
import { FirstSteps, NothingFound } from "../src/pages/artifacts/nothing-found.tsx";
import { Waterfall } from "../src/pages/runs/waterfall.tsx";
import { Announcer, announce } from "../src/parts/announcer.tsx";
import { Bars } from "../src/parts/bars.tsx";
import { CommandsBar } from "../src/parts/commands-bar.tsx";
import { JsonTree } from "../src/parts/json-tree.tsx";
import { Empty, Loading, Problem } from "../src/parts/notices.tsx";
import { QueryProblem } from "../src/parts/query-line.tsx";
import { StateMark } from "../src/parts/state-mark.tsx";
import { ARTIFACT_COLUMNS } from "../src/parts/table/artifact-columns.tsx";
import { DataTable } from "../src/parts/table/data-table.tsx";
import { LiveDot } from "../src/top-bar.tsx";
import "../src/styles/index.css";
import { artifact, COMMANDS, FACETS, PREVIEWS, ROWS, sampleAddress } from "./sample-artifacts.ts";
import { RUN } from "./sample-drawings.ts";

const STATES = [
  "present",
  "missing",
  "failed",
  "damaged",
  "newer",
  "running",
  "killed",
  "completed",
  "cancelled",
  "generated",
  "hit",
] as const;
const QUIET: Live = { state: "live", added: 0, removed: 0, version: 0, runsVersion: 0, showChanges: () => {} };
const LIVES: readonly Live[] = [
  QUIET,
  { ...QUIET, added: 12 },
  { ...QUIET, added: 1, removed: 3 },
  { ...QUIET, state: "connecting" },
  { ...QUIET, state: "disconnected" },
  { ...QUIET, state: "lost", problem: "it is gone" },
];
const ERROR = new AskError({
  code: "PERSISTABLE_INVALID_QUERY",
  message: "A term cannot be read.",
  hint: "Put the value in quotes.",
  position: 12,
});
const rowKey = ({ address }: { readonly address: string }) => address;

/** Each component in each state, to look at while one works on it. */
function ComponentPage() {
  return (
    <main>
      <h1>Components</h1>
      <Shown title="StateMark">
        {STATES.map((state) => (
          <p key={state}>
            <StateMark state={state} /> <StateMark state={state} count={1200} />
          </p>
        ))}
      </Shown>
      <Shown title="LiveDot">
        {LIVES.map((live) => (
          <GivenLive key={JSON.stringify(live)} value={live}>
            <p>
              <LiveDot />
            </p>
          </GivenLive>
        ))}
      </Shown>
      <Shown title="Notices">
        <Problem error={ERROR} />
        <QueryProblem query="estimator a>>1" error={ERROR} />
        <Empty title="Nothing is here.">
          <p>Something will be.</p>
        </Empty>
        <Loading what="something slow" />
        <FirstSteps />
        <NothingFound query={'estimator zThreshold>100 title~"a b"'} />
        <button type="button" onClick={() => announce("Copied address.")}>
          Announce
        </button>
      </Shown>
      <Shown title="Bars and facets">
        <Bars counts={[]} label="no values" />
        <Bars counts={[0, 3, 9, 4, 1]} label="five values" onChoose={() => {}} />
        {FACETS.facets.map((facet) => (
          <FacetCard key={facet.field} facet={facet} query="estimator" onQuery={() => {}} />
        ))}
      </Shown>
      <Shown title="DataTable">
        <DataTable title="No rows" columns={ARTIFACT_COLUMNS} rows={[]} keyOf={rowKey} />
        <DataTable title="Three rows" columns={ARTIFACT_COLUMNS} rows={ROWS.slice(5, 8)} keyOf={rowKey} />
        <DataTable title="Some of many" columns={ARTIFACT_COLUMNS} rows={ROWS} total={41_000} keyOf={rowKey} />
      </Shown>
      <Shown title="Trees and commands">
        <JsonTree value={artifact(sampleAddress(1)).params} notes={{ verbose: "(not part of the address)" }} />
        <JsonTree value={Object.fromEntries([...Array(300).keys()].map((index) => [`key${index}`, index]))} />
        <CommandsBar commands={COMMANDS} />
      </Shown>
      <Shown title="Waterfall">
        <Waterfall answer={RUN} chosen={sampleAddress(3)} onChoose={() => {}} />
        <Waterfall
          answer={{ ...RUN, nodes: { total: 0, offset: 0, rows: [] } }}
          chosen={undefined}
          onChoose={() => {}}
        />
      </Shown>
      {PREVIEWS.map((preview) => (
        <Shown key={JSON.stringify(preview).slice(0, 80)} title={`Preview: ${preview.kind}`}>
          <PreviewShown address={sampleAddress(1)} preview={preview} tookMs={1} />
        </Shown>
      ))}
      <Announcer />
    </main>
  );
}

function Shown({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

const place = document.getElementById("page");
if (place !== null) createRoot(place).render(<ComponentPage />);
