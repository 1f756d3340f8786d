import * as Plot from "@observablehq/plot";
import { useMemo } from "react";
import type { AgeBin, DiskAnswer, NameBytes } from "../../../../src/explorer/api.ts";
import { useAnswer } from "../../api/use-answer.ts";
import { Link } from "../../location/link.tsx";
import { artifactsUrl } from "../../location/pages.ts";
import { CommandsBar } from "../../parts/commands-bar.tsx";
import { Drawing } from "../../parts/drawing/drawing.tsx";
import { PlotFigure } from "../../parts/drawing/plot-figure.tsx";
import { Answer, Empty } from "../../parts/notices.tsx";
import { NAME_COLUMN, SIZE_COLUMN } from "../../parts/table/artifact-columns.tsx";
import type { Column } from "../../parts/table/column.ts";
import { DataTable } from "../../parts/table/data-table.tsx";
import { countOf, formatBytes, formatCount } from "../../text/format.ts";
import { Collection } from "./collection.tsx";

const PARTS = [
  ["payloads", "payloadBytes"],
  ["records", "recordBytes"],
  ["orphans", "orphanBytes"],
  ["set aside", "quarantineBytes"],
  ["other", "otherBytes"],
] as const;
const SHOWN_NAMES = 20;

const sumOf = (bytes: NameBytes) => PARTS.reduce((sum, [, key]) => sum + bytes[key], 0);

const NAMES: readonly Column<NameBytes>[] = [
  NAME_COLUMN,
  {
    id: "artifacts",
    title: "artifacts",
    text: ({ artifacts }) => formatCount(artifacts),
    order: ({ artifacts }) => artifacts,
    isNumeric: true,
  },
  ...PARTS.map(
    ([title, key]): Column<NameBytes> => ({
      id: key,
      title,
      text: (row) => formatBytes(row[key]),
      order: (row) => row[key],
      isNumeric: true,
    }),
  ),
  { id: "all", title: "together", text: (row) => formatBytes(sumOf(row)), order: sumOf, isNumeric: true },
];

const AGES: readonly Column<AgeBin>[] = [
  {
    id: "age",
    title: "age",
    text: ({ label }) => label,
    show: ({ label, query }) => (query === undefined ? label : <Link href={artifactsUrl(query)}>{label}</Link>),
  },
  {
    id: "artifacts",
    title: "artifacts",
    text: ({ artifacts }) => formatCount(artifacts),
    order: ({ artifacts }) => artifacts,
    isNumeric: true,
  },
  SIZE_COLUMN,
];

type Duplicate = DiskAnswer["duplicates"]["rows"][number];

const DUPLICATES: readonly Column<Duplicate>[] = [
  {
    id: "digest",
    title: "digest",
    text: ({ digest }) => digest,
    show: ({ digest, query }) => (
      <Link className="mono" href={artifactsUrl(query)}>
        {digest}
      </Link>
    ),
  },
  {
    id: "count",
    title: "payloads",
    text: ({ count }) => formatCount(count),
    order: ({ count }) => count,
    isNumeric: true,
  },
  {
    id: "extra",
    title: "could be saved",
    text: ({ extraBytes }) => formatBytes(extraBytes),
    order: ({ extraBytes }) => extraBytes,
    isNumeric: true,
  },
];

/** Shows what takes how much, and what a policy would remove. The page removes nothing. */
export function DiskPage() {
  const asked = useAnswer("/api/disk", {});
  return (
    <main>
      <h1>Disk</h1>
      <Answer of={asked} what="what everything takes: every object is visited">
        {(answer) => <ShownDisk answer={answer} />}
      </Answer>
    </main>
  );
}

function ShownDisk({ answer }: { readonly answer: DiskAnswer }) {
  const { totalBytes, names, otherBytes, indexBytes, byAge, byLastUse, duplicates, extraBytes, leftOut, commands } =
    answer;
  if (totalBytes === 0) {
    return (
      <Empty title="The data directory is empty.">
        <p>Nothing takes any space yet.</p>
      </Empty>
    );
  }
  return (
    <>
      <p>
        {formatBytes(totalBytes)} together, of which {formatBytes(indexBytes)} are the index and{" "}
        {formatBytes(otherBytes)} belong to no name: leases, logs, records of runs.
      </p>
      <NameBars names={names} />
      <DataTable
        title="Names"
        columns={NAMES}
        rows={names.rows}
        total={names.total}
        keyOf={({ name }) => name}
        isMain
      />
      <DataTable title="By age" columns={AGES} rows={byAge} keyOf={({ label }) => label} />
      {byLastUse.length === 0 ? null : (
        <DataTable title="By last use" columns={AGES} rows={byLastUse} keyOf={({ label }) => label} />
      )}
      {leftOut === undefined ? null : <p className="notice">{leftOut}</p>}
      {duplicates.total === 0 ? null : (
        <DataTable
          title="Equal payloads"
          columns={DUPLICATES}
          rows={duplicates.rows}
          total={duplicates.total}
          keyOf={({ digest }) => digest}
          note={<span className="small">{formatBytes(extraBytes)} are taken by copies</span>}
        />
      )}
      <Collection />
      <CommandsBar commands={commands} />
    </>
  );
}

function NameBars({ names }: { readonly names: DiskAnswer["names"] }) {
  const shown = useMemo(() => names.rows.slice(0, SHOWN_NAMES), [names]);
  const options = useMemo<Plot.PlotOptions>(
    () => ({
      height: 40 + shown.length * 26,
      marginLeft: 140,
      x: { grid: true, label: null, ticks: 6, tickFormat: (bytes: number) => formatBytes(bytes) },
      y: { label: null, domain: shown.map(({ name }) => name) },
      color: { domain: PARTS.map(([title]) => title), scheme: "Observable10", legend: true },
      marks: [
        Plot.barX(
          shown.flatMap((row) => PARTS.map(([part, key]) => ({ name: row.name, part, bytes: row[key] }))),
          {
            x: "bytes",
            y: "name",
            fill: "part",
            title: ({ name, part, bytes }: { readonly name: string; readonly part: string; readonly bytes: number }) =>
              `${name}, ${part}: ${formatBytes(bytes)}`,
          },
        ),
        Plot.ruleX([0]),
      ],
    }),
    [shown],
  );
  const [largest] = shown;
  if (largest === undefined) return null;
  return (
    <Drawing
      title="Bytes by name"
      summary={`${shown.length} of ${countOf(names.total, "name")} drawn; the largest is ${largest.name} with ${formatBytes(sumOf(largest))}`}
      table={{ titles: NAMES.map(({ title }) => title), rows: shown.map((row) => NAMES.map(({ text }) => text(row))) }}
    >
      <PlotFigure options={options} />
    </Drawing>
  );
}
