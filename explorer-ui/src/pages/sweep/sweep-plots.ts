import * as Plot from "@observablehq/plot";
import type { Json, SweepAnswer, SweepAxis } from "../../../../src/explorer/api.ts";
import { urlOf } from "../../location/location.ts";
import { artifactUrl } from "../../location/pages.ts";
import { stateSign, stateWord } from "../../parts/state-mark.tsx";
import { formatValue } from "../../text/format.ts";
import { measureText } from "./sweep-columns.tsx";
import { type DrawnPoint, drawnPoints, type SweepView } from "./sweep-view.ts";

const DISCRETE_COLORS = 10;

/** A line for each value of the second param, with a dot for each artifact. */
export function dotsOptions(answer: SweepAnswer, view: SweepView): Plot.PlotOptions {
  const { x, y, measure } = view;
  const points = drawnPoints(answer, view);
  const known = points.filter(({ value }) => value !== null).sort((one, other) => compare(one.x, other.x));
  const groups = new Set(points.map((point) => point.y)).size;
  const isColored = y !== undefined && groups > 1 && groups <= DISCRETE_COLORS;
  const stroke = isColored ? "y" : "currentColor";
  return {
    height: 360,
    marginLeft: 64,
    x: { label: x.field, ...(x.isNumeric ? {} : { type: "point" as const }) },
    y: { label: measure, grid: true, tickFormat: (value: number) => measureText(measure, value) },
    ...(isColored
      ? { color: { type: "categorical" as const, legend: true, label: y.field, scheme: "Observable10" as const } }
      : {}),
    marks: [
      ...(y === undefined || isColored
        ? [Plot.line(known, { x: "x", y: "value", z: "y", stroke, strokeOpacity: 0.6 })]
        : []),
      Plot.dot(known, { x: "x", y: "value", stroke, r: 4, href: hrefOf, title: titleFor(view) }),
    ],
  };
}

/** A cell for each pair of values; a pair that no artifact has is drawn as missing. */
export function heatOptions(answer: SweepAnswer, view: SweepView): Plot.PlotOptions {
  const { x, y, measure } = view;
  const points = drawnPoints(answer, view).map((point) => ({ ...point, x: String(point.x) }));
  const missing = missingCells(answer, view);
  const isState = measure === "state";
  return {
    height: Math.max(200, 70 + 34 * (y?.values.length ?? 1)),
    marginLeft: 80,
    padding: 0.04,
    x: { label: x.field, domain: x.values.map(formatValue), type: "band" },
    y: { label: y?.field ?? null, domain: (y?.values ?? []).map(formatValue).reverse(), type: "band" },
    color: isState
      ? {
          type: "categorical",
          legend: true,
          domain: ["there", "failed", "damaged", "missing"],
          range: ["#3c9a5f", "#d1483f", "#c98a1b", "#888888"],
        }
      : measureColors(view.measure),
    marks: [
      Plot.cell(
        points.filter(({ value }) => isState || value !== null),
        {
          x: "x",
          y: "y",
          fill: isState ? ({ state }: DrawnPoint) => stateWord(state) : "value",
          href: hrefOf,
          title: titleFor(view),
        },
      ),
      Plot.text(
        points.filter(({ value, state }) => !isState && (value === null || state !== "present")),
        {
          x: "x",
          y: "y",
          text: ({ state }: DrawnPoint) => stateSign(state === "present" ? "missing" : state),
          fill: "currentColor",
          href: hrefOf,
          title: titleFor(view),
        },
      ),
      Plot.cell(missing, {
        x: "x",
        y: "y",
        fill: "none",
        stroke: "currentColor",
        strokeOpacity: 0.35,
        strokeDasharray: "3 3",
        inset: 1,
      }),
      Plot.text(missing, { x: "x", y: "y", text: () => "○", fill: "currentColor", href: "href", title: "title" }),
    ],
  };
}

/** Steps instead of a ramp, whose legend would be an image that the security policy forbids. */
function measureColors(measure: string): Plot.ScaleOptions {
  return {
    type: "quantize",
    n: 9,
    scheme: "viridis",
    legend: true,
    label: measure,
    tickFormat: (value: number) => measureText(measure, value),
  };
}

interface MissingCell {
  readonly x: string;
  readonly y: string;
  readonly href: string;
  readonly title: string;
}

/** The pairs of values that no artifact has, with the question why. */
export function missingCells({ name, points, axes }: SweepAnswer, { x, y }: SweepView): readonly MissingCell[] {
  if (y === undefined) return [];
  const [xIndex, yIndex] = [axes.indexOf(x), axes.indexOf(y)];
  const present = new Set(points.map(({ at }) => JSON.stringify([at[xIndex], at[yIndex]])));
  return x.values.flatMap((left) =>
    y.values.flatMap((up) => {
      if (present.has(JSON.stringify([left, up]))) return [];
      const terms = [`${x.field}=${formatValue(left)}`, `${y.field}=${formatValue(up)}`];
      return [
        {
          x: formatValue(left),
          y: formatValue(up),
          href: urlOf("/why", { name, p: terms }),
          title: `missing: ${terms.join(", ")}`,
        },
      ];
    }),
  );
}

/** A line for each artifact through an axis for each param, and one for the measure. */
export function parallelOptions(answer: SweepAnswer, view: SweepView): Plot.PlotOptions {
  const { axes, measures, points } = answer;
  const measureIndex = measures.indexOf(view.measure);
  const numbers = points.map(({ measures: values }) => values[measureIndex] ?? null);
  const known = numbers.filter((value) => value !== null);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const places = axes.map((axis, index) =>
    placesOn(
      axis,
      points.map(({ at }) => at[index]),
    ),
  );
  const lines = points.flatMap(({ address, state, at }, index) => {
    const value = numbers[index] ?? null;
    const onAxes = axes.map(({ field }, axis) => ({
      address,
      state,
      axis: field,
      share: places[axis]?.(at[axis]),
      value,
    }));
    if (value === null) return onAxes;
    return [...onAxes, { address, state, axis: view.measure, share: shareOf(value - least, most - least), value }];
  });
  const labels = axes.flatMap(({ field, values }, axis) =>
    labelled(values.length).map((index) => ({
      axis: field,
      share: places[axis]?.(values[index]),
      text: formatValue(values[index]),
    })),
  );
  const ends = (known.length === 0 ? [] : [least, most]).map((value) => ({
    axis: view.measure,
    share: shareOf(value - least, most - least),
    text: measureText(view.measure, value),
  }));
  const names = [...axes.map(({ field }) => field), view.measure];
  return {
    height: 380,
    marginTop: 36,
    marginBottom: 16,
    marginLeft: 50,
    marginRight: 70,
    x: { type: "point", domain: names, label: null, axis: "top" },
    y: { axis: null, domain: [0, 1] },
    color: measureColors(view.measure),
    marks: [
      Plot.ruleX(names, { stroke: "currentColor", strokeOpacity: 0.4 }),
      Plot.line(lines, { x: "axis", y: "share", z: "address", stroke: "value", strokeOpacity: 0.7, href: hrefOf }),
      Plot.text([...labels, ...ends], {
        x: "axis",
        y: "share",
        text: "text",
        textAnchor: "start",
        dx: 5,
        fill: "currentColor",
        stroke: "var(--page)",
        strokeWidth: 3,
      }),
    ],
  };
}

/** Places values on an axis, from 0 to 1: numbers by their size, all else by its order. */
function placesOn(
  { isNumeric, values }: SweepAxis,
  used: readonly (Json | undefined)[],
): (value: Json | undefined) => number | undefined {
  if (!isNumeric) {
    const texts = values.map((value) => JSON.stringify(value));
    return (value) => {
      const index = texts.indexOf(JSON.stringify(value));
      return index < 0 ? undefined : shareOf(index, texts.length - 1);
    };
  }
  const numbers = [...values, ...used].filter((value) => typeof value === "number");
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return (value) => (typeof value === "number" ? shareOf(value - least, most - least) : undefined);
}

/**
 * The values of an axis that get a label: all of a few, else the first, the middle and the last.
 */
function labelled(count: number): readonly number[] {
  return count <= 8 ? [...Array(count).keys()] : [0, Math.floor((count - 1) / 2), count - 1];
}

function shareOf(part: number, whole: number): number {
  return whole <= 0 ? 0.5 : part / whole;
}

const hrefOf = ({ address }: { readonly address: string }) => artifactUrl(address);

function titleFor({ x, y, measure }: SweepView): (point: DrawnPoint) => string {
  return (point) =>
    [
      `${x.field} ${point.x}`,
      y === undefined ? "" : `${y.field} ${point.y}`,
      measure === "state" ? "" : `${measure} ${measureText(measure, point.value) || "none"}`,
      stateWord(point.state),
    ]
      .filter((part) => part !== "")
      .join("\n");
}

function compare(one: number | string, other: number | string): number {
  return typeof one === "number" && typeof other === "number"
    ? one - other
    : String(one).localeCompare(String(other), "en", { numeric: true });
}
