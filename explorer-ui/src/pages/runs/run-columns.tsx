import type { RunRow } from "../../../../src/explorer/api.ts";
import { Link } from "../../location/link.tsx";
import { runUrl } from "../../location/pages.ts";
import { StateMark, stateWord } from "../../parts/state-mark.tsx";
import type { Column } from "../../parts/table/column.ts";
import { formatAgo, formatCost, formatCount, formatDuration } from "../../text/format.ts";

const count = (id: "hits" | "generated" | "failed" | "cancelled", title: string): Column<RunRow> => ({
  id,
  title,
  text: (run) => formatCount(run[id]),
  order: (run) => run[id],
  isNumeric: true,
});

/** The columns of a list of runs. */
export const RUN_COLUMNS: readonly Column<RunRow>[] = [
  {
    id: "run",
    title: "run",
    text: ({ runId }) => runId,
    show: ({ runId }) => (
      <Link className="mono" href={runUrl(runId)}>
        {runId}
      </Link>
    ),
  },
  {
    id: "state",
    title: "state",
    text: ({ state }) => stateWord(state),
    show: ({ state }) => <StateMark state={state} />,
  },
  {
    id: "started",
    title: "started",
    text: ({ startedAt }) => formatAgo(startedAt),
    order: ({ startedAt }) => startedAt,
  },
  {
    id: "took",
    title: "took",
    text: ({ durationMs }) => formatDuration(durationMs),
    order: ({ durationMs }) => durationMs,
    isNumeric: true,
  },
  count("hits", "were there"),
  count("generated", "generated"),
  count("failed", "failed"),
  count("cancelled", "cancelled"),
  {
    id: "saved",
    title: "saved",
    text: ({ savedMs }) => formatDuration(savedMs),
    order: ({ savedMs }) => savedMs,
    isNumeric: true,
  },
  { id: "cost", title: "cost", text: ({ cost }) => formatCost(cost) },
  { id: "host", title: "host", text: ({ host }) => host },
];
