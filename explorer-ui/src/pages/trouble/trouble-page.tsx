import type { InFlight, TroubleAnswer } from "../../../../src/explorer/api.ts";
import { useLive } from "../../api/live.tsx";
import { useAnswer } from "../../api/use-answer.ts";
import { CommandsBar } from "../../parts/commands-bar.tsx";
import { Answer, Empty } from "../../parts/notices.tsx";
import { ADDRESS_COLUMN, ARTIFACT_COLUMNS, NAME_COLUMN, SIZE_COLUMN } from "../../parts/table/artifact-columns.tsx";
import type { Column } from "../../parts/table/column.ts";
import { DataTable } from "../../parts/table/data-table.tsx";
import { formatAgo } from "../../text/format.ts";
import { RUN_COLUMNS } from "../runs/run-columns.tsx";

const IN_FLIGHT: readonly Column<InFlight>[] = [
  ADDRESS_COLUMN,
  { id: "name", title: "name", text: ({ name }) => name ?? "unknown" },
  { id: "owner", title: "owner", text: ownerText },
  { id: "since", title: "since", text: ({ since }) => formatAgo(since), order: ({ since }) => since },
];

type SetAside = TroubleAnswer["quarantine"]["rows"][number];

const QUARANTINE: readonly Column<SetAside>[] = [
  ADDRESS_COLUMN,
  NAME_COLUMN,
  {
    id: "when",
    title: "set aside",
    text: ({ setAsideAt }) => formatAgo(setAsideAt),
    order: ({ setAsideAt }) => setAsideAt,
  },
  SIZE_COLUMN,
];

function ownerText({ owner: { host, pid, isGone } }: InFlight): string {
  const place = [host, pid === undefined ? undefined : `process ${pid}`]
    .filter((part) => part !== undefined)
    .join(", ");
  return `${place || "unknown"}${isGone === true ? " (gone: the next one that needs it takes over)" : ""}`;
}

/** Everything that needs a look, the most urgent first. */
export function TroublePage() {
  const asked = useAnswer("/api/trouble", {}, useLive().runsVersion);
  return (
    <main>
      <h1>Trouble</h1>
      <Answer of={asked} what="trouble">
        {(answer) => <ShownTrouble answer={answer} />}
      </Answer>
    </main>
  );
}

function ShownTrouble({
  answer: { failed, unreadable, inFlight, quarantine, runs, commands },
}: {
  readonly answer: TroubleAnswer;
}) {
  const isQuiet = [failed, unreadable, inFlight, quarantine, runs].every(({ total }) => total === 0);
  return (
    <>
      {isQuiet ? (
        <Empty title="Nothing needs a look.">
          <p>
            Failures, damaged artifacts, runs that were killed, and what is being generated right now would be here.
          </p>
        </Empty>
      ) : null}
      {failed.total === 0 ? null : (
        <DataTable
          title="Failed"
          columns={ARTIFACT_COLUMNS}
          rows={failed.rows}
          total={failed.total}
          keyOf={({ address }) => address}
          isMain
        />
      )}
      {unreadable.total === 0 ? null : (
        <DataTable
          title="Damaged or of a newer release"
          columns={ARTIFACT_COLUMNS}
          rows={unreadable.rows}
          total={unreadable.total}
          keyOf={({ address }) => address}
          note={<span className="small">persistable verify says more</span>}
        />
      )}
      {runs.total === 0 ? null : (
        <DataTable
          title="Runs that failed or were killed"
          columns={RUN_COLUMNS}
          rows={runs.rows}
          total={runs.total}
          keyOf={({ runId }) => runId}
        />
      )}
      {inFlight.total === 0 ? null : (
        <DataTable
          title="Being generated"
          columns={IN_FLIGHT}
          rows={inFlight.rows}
          total={inFlight.total}
          keyOf={({ address }) => address}
        />
      )}
      {quarantine.total === 0 ? null : (
        <DataTable
          title="Set aside"
          columns={QUARANTINE}
          rows={quarantine.rows}
          total={quarantine.total}
          keyOf={({ address }, index) => `${address} ${index}`}
          note={<span className="small">kept for you to look at; persistable gc removes them</span>}
        />
      )}
      <CommandsBar commands={commands} />
    </>
  );
}
