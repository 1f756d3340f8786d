import { type MouseEvent, useMemo } from "react";
import type { SweepAnswer } from "../../../../src/explorer/api.ts";
import { navigate } from "../../location/location.ts";
import { Drawing } from "../../parts/drawing/drawing.tsx";
import { PlotFigure } from "../../parts/drawing/plot-figure.tsx";
import { countOf, formatCount } from "../../text/format.ts";
import { measureText, sweepColumns } from "./sweep-columns.tsx";
import { dotsOptions, heatOptions, missingCells, parallelOptions } from "./sweep-plots.ts";
import { drawnPoints, type SweepView } from "./sweep-view.ts";

/** The points as dots, as cells or as lines through parallel axes; a click opens an artifact. */
export function SweepDrawing({ answer, view }: { readonly answer: SweepAnswer; readonly view: SweepView }) {
  const { kind, x, y, measure } = view;
  // The view is another object at each rendering, but the same text.
  const key = JSON.stringify([kind, x.field, y?.field, measure]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the view.
  const options = useMemo(
    () =>
      kind === "heat"
        ? heatOptions(answer, view)
        : kind === "parallel"
          ? parallelOptions(answer, view)
          : dotsOptions(answer, view),
    [answer, key],
  );
  const columns = sweepColumns(answer);
  const table = {
    titles: columns.map(({ title }) => title),
    rows: answer.points.map((point) => columns.map(({ text }) => text(point))),
  };
  return (
    <Drawing title={`${measure} over ${x.field}`} summary={summaryOf(answer, view)} table={table}>
      {/* biome-ignore lint/a11y: links in the drawing are followed without loading the document again. */}
      <div onClick={follow}>
        <PlotFigure options={options} />
      </div>
    </Drawing>
  );
}

/** Plot draws links of SVG, which do not know our navigation. */
function follow(event: MouseEvent): void {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  const href = link?.getAttributeNS("http://www.w3.org/1999/xlink", "href") ?? link?.getAttribute("href");
  if (href === null || href === undefined || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  // In a file, links are fragments.
  navigate(href.replace(/^#/, ""));
}

function summaryOf(answer: SweepAnswer, view: SweepView): string {
  const { measure } = view;
  const known = drawnPoints(answer, view).filter(({ value }) => value !== null);
  const sorted = [...known].sort((one, other) => (one.value ?? 0) - (other.value ?? 0));
  const [least, most] = [sorted[0], sorted.at(-1)];
  const drawn = `${formatCount(answer.points.length)} of ${countOf(answer.total, "artifact")} drawn`;
  const missing = view.kind === "heat" ? missingCells(answer, view).length : 0;
  const gaps = missing === 0 ? "" : `; ${countOf(missing, "combination")} missing`;
  if (least === undefined || most === undefined) return `${drawn}${gaps}`;
  const at = (point: typeof least) => `${measureText(measure, point.value)} at ${view.x.field} ${point.x}`;
  return `${drawn}${gaps}; the least ${measure} is ${at(least)}, the most ${at(most)}`;
}
