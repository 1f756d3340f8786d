import type { Json, SweepAnswer, SweepAxis, SweepPoint } from "../../../../src/explorer/api.ts";
import { formatValue } from "../../text/format.ts";

/** Says what is drawn over what: the URL chooses it, or else it is what suits the axes. */
export interface SweepView {
  readonly kind: "dots" | "heat" | "parallel";
  readonly x: SweepAxis;
  readonly y: SweepAxis | undefined;
  /** One of the measures, or `state`. */
  readonly measure: string;
}

export function viewOf({ axes, measures }: SweepAnswer, params: URLSearchParams): SweepView | undefined {
  const axisOf = (param: string) => axes.find(({ field }) => field === params.get(param));
  const x = axisOf("x") ?? axes[0];
  if (x === undefined) return undefined;
  const other = axes.find(({ field }) => field !== x.field);
  const y = params.get("y") === "-" ? undefined : (axisOf("y") ?? other);
  const asked = params.get("m");
  const measure = asked !== null && [...measures, "state"].includes(asked) ? asked : (measures[0] ?? "state");
  const suits = axes.length > 2 ? "parallel" : axes.length === 2 ? "heat" : "dots";
  const kinds = ["dots", "heat", "parallel"] as const;
  const kind = kinds.find((each) => each === params.get("v")) ?? suits;
  return { kind: kind === "heat" && y === undefined ? "dots" : kind, x, y, measure };
}

/** One point as the drawings need it. */
export interface DrawnPoint {
  readonly address: string;
  readonly state: SweepPoint["state"];
  readonly x: number | string;
  readonly y: string;
  readonly value: number | null;
}

export function drawnPoints(
  { axes, measures, points }: SweepAnswer,
  { x, y, measure }: SweepView,
): readonly DrawnPoint[] {
  const [xIndex, yIndex, measureIndex] = [
    axes.indexOf(x),
    y === undefined ? -1 : axes.indexOf(y),
    measures.indexOf(measure),
  ];
  return points.map(({ address, state, at, measures: values }) => ({
    address,
    state,
    x: placeOf(x, at[xIndex]),
    y: formatValue(at[yIndex]),
    value: values[measureIndex] ?? null,
  }));
}

function placeOf({ isNumeric }: SweepAxis, value: Json | undefined): number | string {
  return isNumeric && typeof value === "number" ? value : formatValue(value);
}
