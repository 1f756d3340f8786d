import type { SweepAnswer, SweepPoint } from "../../../../src/explorer/api.ts";
import { StateMark, stateWord } from "../../parts/state-mark.tsx";
import { ADDRESS_COLUMN } from "../../parts/table/artifact-columns.tsx";
import type { Column } from "../../parts/table/column.ts";
import { formatBytes, formatDuration, formatNumber, formatTime, formatValue } from "../../text/format.ts";

/** A measure as text: some of them have a unit. */
export function measureText(measure: string, value: number | null | undefined): string {
  if (value === null || value === undefined) return "";
  if (measure === "took") return formatDuration(value);
  if (measure === "size") return formatBytes(value);
  return measure === "created" ? formatTime(value) : formatNumber(value);
}

/** The table of a sweep: the params that vary, then everything that was measured. */
export function sweepColumns({ axes, measures }: SweepAnswer): readonly Column<SweepPoint>[] {
  return [
    ADDRESS_COLUMN,
    ...axes.map(
      ({ field, isNumeric }, index): Column<SweepPoint> => ({
        id: `at ${field}`,
        title: field,
        text: ({ at }) => formatValue(at[index]),
        order: ({ at }) => {
          const value = at[index];
          return typeof value === "number" ? value : formatValue(value);
        },
        isNumeric,
      }),
    ),
    ...measures.map(
      (measure, index): Column<SweepPoint> => ({
        id: `measure ${measure}`,
        title: measure,
        text: ({ measures: values }) => measureText(measure, values[index]),
        order: ({ measures: values }) => values[index] ?? undefined,
        isNumeric: true,
      }),
    ),
    {
      id: "state",
      title: "state",
      text: ({ state }) => stateWord(state),
      show: ({ state }) => <StateMark state={state} />,
    },
  ];
}
