import type { SweepAnswer } from "../../../../src/explorer/api.ts";
import { useAnswer } from "../../api/use-answer.ts";
import { Link } from "../../location/link.tsx";
import { changeParams, useLocation } from "../../location/location.ts";
import { CommandsBar } from "../../parts/commands-bar.tsx";
import { Answer, Empty } from "../../parts/notices.tsx";
import { DataTable } from "../../parts/table/data-table.tsx";
import { countOf, formatCount } from "../../text/format.ts";
import { NamePicker } from "../why/name-picker.tsx";
import { sweepColumns } from "./sweep-columns.tsx";
import { SweepDrawing } from "./sweep-drawing.tsx";
import { type SweepView, viewOf } from "./sweep-view.ts";

/** The artifacts of one name over the params that vary. */
export function SweepPage() {
  const { params } = useLocation();
  const store = useAnswer("/api/store", {});
  const named = params.get("name") ?? undefined;
  // The name with the most artifacts is the one that has probably been swept.
  const name =
    named ?? [...(store.answer?.names.rows ?? [])].sort((one, other) => other.artifacts - one.artifacts)[0]?.name;
  const query = params.get("q") ?? "";
  const asked = useAnswer("/api/sweep", name === undefined ? undefined : { name, query });
  return (
    <main>
      <h1>Sweep</h1>
      {name === undefined && store.answer !== undefined ? (
        <Empty title="There is nothing to plot yet.">
          <p>
            A sweep is the same persistable with several values of its params:{" "}
            <code>persistable run study.ts estimator zThreshold=1..5</code>.
          </p>
        </Empty>
      ) : (
        <>
          <NamePicker
            chosen={name}
            onChoose={(next) =>
              changeParams({ name: next, x: undefined, y: undefined, m: undefined }, { isStep: true })
            }
          />
          <Answer of={asked} what="the sweep">
            {(answer) => <ShownSweep answer={answer} params={params} />}
          </Answer>
        </>
      )}
    </main>
  );
}

function ShownSweep({ answer, params }: { readonly answer: SweepAnswer; readonly params: URLSearchParams }) {
  const { axes, points, total, commands } = answer;
  const view = viewOf(answer, params);
  if (view === undefined) {
    return (
      <>
        <Empty title="No param varies among these artifacts, so there is nothing to plot over.">
          <p>
            Look at <Link href="/">the artifacts</Link> themselves, or take terms out of the query.
          </p>
        </Empty>
        <CommandsBar commands={commands} />
      </>
    );
  }
  return (
    <>
      <SweepChoices answer={answer} view={view} />
      <SweepDrawing answer={answer} view={view} />
      <DataTable
        title="Points"
        columns={sweepColumns(answer)}
        rows={points}
        total={total}
        keyOf={({ address }) => address}
        isMain
        note={
          <span className="small">
            {countOf(axes.length, "param")} {axes.length === 1 ? "varies" : "vary"}; {formatCount(points.length)} of{" "}
            {countOf(total, "artifact")} drawn
          </span>
        }
      />
      <CommandsBar commands={commands} />
    </>
  );
}

function SweepChoices({
  answer: { axes, measures },
  view: { kind, x, y, measure },
}: {
  readonly answer: SweepAnswer;
  readonly view: SweepView;
}) {
  const choices = [
    { param: "v", title: "as", value: kind, values: axes.length > 1 ? ["dots", "heat", "parallel"] : ["dots"] },
    { param: "x", title: "across", value: x.field, values: axes.map(({ field }) => field) },
    {
      param: "y",
      title: kind === "heat" ? "up" : "color",
      value: y?.field ?? "",
      values: ["", ...axes.map(({ field }) => field)],
    },
    { param: "m", title: "shows", value: measure, values: [...measures, "state"] },
  ];
  return (
    <div className="policy">
      {choices.map(({ param, title, value, values }) => (
        <label key={param}>
          {title}
          <select value={value} onChange={({ target }) => changeParams({ [param]: target.value || "-" })}>
            {values.map((each) => (
              <option key={each} value={each}>
                {each === "" ? "none" : (VIEW_NAMES.get(each) ?? each)}
              </option>
            ))}
          </select>
        </label>
      ))}
    </div>
  );
}

const VIEW_NAMES = new Map([
  ["dots", "dots and lines"],
  ["heat", "heat map"],
  ["parallel", "parallel axes"],
]);
