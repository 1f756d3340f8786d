import { useMemo } from "react";
import type { CompareAnswer, CompareRow } from "../../../../src/explorer/api.ts";
import { useAnswer } from "../../api/use-answer.ts";
import { useShortcuts } from "../../keyboard/shortcuts.ts";
import { Link } from "../../location/link.tsx";
import { changeParams, navigate, useLocation } from "../../location/location.ts";
import { artifactUrl, graphUrl, shortAddress } from "../../location/pages.ts";
import { CommandsBar } from "../../parts/commands-bar.tsx";
import { Answer, Empty } from "../../parts/notices.tsx";
import { StateMark } from "../../parts/state-mark.tsx";
import type { Column } from "../../parts/table/column.ts";
import { DataTable } from "../../parts/table/data-table.tsx";
import { formatCount, formatNumber, formatValue } from "../../text/format.ts";
import { PayloadDiff } from "./payload-diff.tsx";

/** Artifacts side by side: only what differs, unless the reader asks for everything. */
export function ComparePage() {
  const { params } = useLocation();
  const addresses = params.getAll("a");
  const isAll = params.get("d") === "all";
  const asked = useAnswer("/api/compare", addresses.length >= 2 ? { a: addresses } : undefined);
  useShortcuts({
    d: () => changeParams({ d: isAll ? undefined : "all" }),
    g: () => navigate(graphUrl(addresses)),
  });
  return (
    <main>
      <h1>Compare</h1>
      {addresses.length < 2 ? (
        <Empty title="Two artifacts or more can be compared.">
          <p>
            Choose them in the table of <Link href="/">artifacts</Link> with <kbd>x</kbd>, then press <kbd>c</kbd>.
          </p>
        </Empty>
      ) : (
        <Answer of={asked} what="the comparison">
          {(answer) => <Compared answer={answer} isAll={isAll} />}
        </Answer>
      )}
    </main>
  );
}

function Compared({ answer, isAll }: { readonly answer: CompareAnswer; readonly isAll: boolean }) {
  const { artifacts, left, rows, total, differing, commands } = answer;
  const shown = useMemo(
    () => (isAll ? rows : rows.filter(({ isSame, isAlwaysDifferent }) => !isSame && isAlwaysDifferent !== true)),
    [rows, isAll],
  );
  const columns = useMemo(() => compareColumns(answer), [answer]);
  const [base, other, ...others] = artifacts;
  return (
    <>
      <ComparedArtifacts artifacts={artifacts} />
      {left.map(({ text, problem }) => (
        <p key={text} className="notice" data-tone="bad">
          <code>{text}</code> is left out: {problem}
        </p>
      ))}
      <DataTable
        title={isAll ? "Everything" : "What differs"}
        columns={columns}
        rows={shown}
        total={isAll ? total : shown.length}
        keyOf={({ path }) => path}
        isMain
        note={
          <>
            <span className="small">
              {formatCount(differing)} of {formatCount(total)} fields differ
            </span>
            <button type="button" aria-pressed={isAll} onClick={() => changeParams({ d: isAll ? undefined : "all" })}>
              Show everything
            </button>
          </>
        }
      />
      {shown.length === 0 ? <p>They do not differ in anything but the times and places of their making.</p> : null}
      {base !== undefined && other !== undefined && others.length === 0 ? (
        <PayloadDiff one={base} other={other} />
      ) : null}
      <CommandsBar commands={commands} />
    </>
  );
}

/** The first one is the base, with which all others are compared. */
function ComparedArtifacts({ artifacts }: { readonly artifacts: CompareAnswer["artifacts"] }) {
  const addresses = artifacts.map(({ address }) => shortAddress(address));
  return (
    <ul className="chips">
      {artifacts.map(({ address, name, state }, index) => {
        const short = shortAddress(address);
        const rest = addresses.filter((each) => each !== short);
        return (
          <li key={address}>
            <Link href={artifactUrl(address)}>
              {name} <span className="mono">{short}</span>
            </Link>{" "}
            <StateMark state={state} />
            {index === 0 ? (
              <span className="tag">base</span>
            ) : (
              <button type="button" onClick={() => changeParams({ a: [short, ...rest] })}>
                as base
              </button>
            )}
            {artifacts.length > 2 ? (
              <button type="button" aria-label={`Leave out ${short}`} onClick={() => changeParams({ a: rest })}>
                ✕
              </button>
            ) : null}
          </li>
        );
      })}
    </ul>
  );
}

function compareColumns({ artifacts }: CompareAnswer): readonly Column<CompareRow>[] {
  const field: Column<CompareRow> = { id: "field", title: "field", text: ({ path }) => path };
  const cells = artifacts.map(
    ({ address, name }, index): Column<CompareRow> => ({
      id: address,
      title: `${name} ${shortAddress(address)}`,
      text: ({ cells: values }) => formatValue(values[index]?.value),
      show: (row) => <CompareCell row={row} index={index} />,
      order: ({ cells: values }) => {
        const value = values[index]?.value;
        return typeof value === "number" ? value : formatValue(value);
      },
    }),
  );
  return [field, ...cells];
}

function CompareCell({ row: { cells, isSame }, index }: { readonly row: CompareRow; readonly index: number }) {
  const cell = cells[index];
  const base = cells[0]?.value;
  if (cell === null || cell === undefined) return <span className="small">none</span>;
  const { value } = cell;
  const isOther = !isSame && index > 0 && JSON.stringify(value) !== JSON.stringify(base);
  return (
    <span className={isOther ? "differs" : undefined}>
      {formatValue(value)}
      {isOther && typeof value === "number" && typeof base === "number" ? <Delta value={value} base={base} /> : null}
    </span>
  );
}

function Delta({ value, base }: { readonly value: number; readonly base: number }) {
  const difference = value - base;
  const share =
    base === 0
      ? ""
      : `, ${difference > 0 ? "+" : ""}${formatNumber(Math.round((1000 * difference) / Math.abs(base)) / 10)}%`;
  return (
    <span className="small">
      {" "}
      ({difference > 0 ? "+" : ""}
      {formatNumber(difference)}
      {share})
    </span>
  );
}
