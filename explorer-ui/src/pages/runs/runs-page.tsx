import { useLive } from "../../api/live.tsx";
import { useAnswer } from "../../api/use-answer.ts";
import { changeParams, useLocation } from "../../location/location.ts";
import { CommandsBar } from "../../parts/commands-bar.tsx";
import { Answer, Empty } from "../../parts/notices.tsx";
import { DataTable } from "../../parts/table/data-table.tsx";
import { RUN_COLUMNS } from "./run-columns.tsx";

const PART = 100;

/** The runs of the data directory, the newest first, with those that run now. */
export function RunsPage() {
  const { params } = useLocation();
  const offset = Number(params.get("o") ?? 0) || 0;
  const asked = useAnswer("/api/runs", { offset, limit: PART }, useLive().runsVersion);
  return (
    <main>
      <h1>Runs</h1>
      <Answer of={asked} what="runs">
        {({ rows, total, commands }) =>
          total === 0 ? (
            <Empty title="No run has left a record here yet.">
              <p>
                A record appears when a program calls <code>run(…)</code>, or when you type{" "}
                <code>persistable run study.ts estimator zThreshold=1,2,5</code>. Payloads that a program asks for one
                by one are in the table of artifacts, not here.
              </p>
            </Empty>
          ) : (
            <>
              <DataTable
                title="Runs"
                columns={RUN_COLUMNS}
                rows={rows}
                total={total}
                keyOf={({ runId }) => runId}
                isMain
              />
              <p className="buttons">
                {offset > 0 ? (
                  <button type="button" onClick={() => changeParams({ o: String(Math.max(0, offset - PART) || "") })}>
                    newer
                  </button>
                ) : null}
                {offset + rows.length < total ? (
                  <button type="button" onClick={() => changeParams({ o: String(offset + PART) })}>
                    older
                  </button>
                ) : null}
              </p>
              <CommandsBar commands={commands} />
            </>
          )
        }
      </Answer>
    </main>
  );
}
