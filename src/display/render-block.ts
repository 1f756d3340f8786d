import stringWidth from "string-width";
import { blankedText } from "../errors/visible-text.ts";
import { describeCost, describeDuration } from "../util/describe.ts";
import { fitText, padText } from "./fit-text.ts";
import { paint, type Style } from "./paint.ts";
import type { RunningView, RunView } from "./run-view.ts";

/** The size and abilities of the terminal, and the time. */
export interface Canvas {
  readonly columns: number;
  readonly rows: number;
  readonly color: boolean;
  readonly nowMs: number;
}

const MIN_COLUMNS = 20;
const BAR_COLUMNS = 16;
const NARROW_BAR_COLUMNS = 8;
const NARROW_COLUMNS = 100;
const MAX_NAME_COLUMNS = 28;
const MIN_WHAT_COLUMNS = 12;
const NO_BAR = { text: "", columns: 0 };
const SPINNER = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const SPIN_MS = 100;

/**
 * The lines at the bottom of the terminal during a run: one for each running node, as many as fit,
 * and a summary.
 */
export function renderBlock(view: RunView, canvas: Canvas): string[] {
  const columns = Math.max(MIN_COLUMNS, canvas.columns);
  const room = Math.max(1, canvas.rows - 4);
  const running = view.running;
  const shown = running.length <= room ? running : running.slice(0, room - 1);
  const nameColumns = Math.min(
    MAX_NAME_COLUMNS,
    Math.floor(columns / 4),
    Math.max(8, ...shown.map(({ name }) => stringWidth(blankedText(name)))),
  );
  const timeColumns = 2 + Math.max(0, ...shown.map((one) => describeTime(one, canvas).length));
  const lines = shown.map((one) => renderRunning(one, { nameColumns, timeColumns, columns }, canvas));
  if (shown.length < running.length)
    lines.push(paint(canvas, "dim", fitText(`… and ${running.length - shown.length} more`, columns)));
  return [...lines, ...renderSummary(view, columns, canvas)];
}

/** Column widths shared by all lines, as narrow as their contents allow. */
interface Layout {
  readonly columns: number;
  readonly nameColumns: number;
  readonly timeColumns: number;
}

function describeTime({ startedMs, expectedMs, owner }: RunningView, { nowMs }: Canvas): string {
  // A node of another process shows no time.
  if (owner !== undefined) return "";
  const expected = expectedMs === undefined ? "" : ` / ${describeDuration(expectedMs)}`;
  return `${describeDuration(Math.max(0, nowMs - startedMs))}${expected}`;
}

function renderRunning(one: RunningView, { nameColumns, timeColumns, columns }: Layout, canvas: Canvas): string {
  const elapsedMs = Math.max(0, canvas.nowMs - one.startedMs);
  const spinner = SPINNER[Math.floor(canvas.nowMs / SPIN_MS) % SPINNER.length] ?? "";
  const name = padText(one.name, nameColumns);
  if (one.owner !== undefined) {
    const text = fitText(`waits for ${one.owner}, ${describeDuration(elapsedMs)}`, columns - nameColumns - 4);
    return `${paint(canvas, "yellow", "·")} ${name}  ${paint(canvas, "dim", text)}`;
  }
  const left = columns - nameColumns - 4;
  // A narrow terminal has no room for all: the time is left out first, then the progress bar.
  const time = left < timeColumns + MIN_WHAT_COLUMNS ? "" : describeTime(one, canvas).padStart(timeColumns);
  const progress = renderProgress(one, canvas);
  const bar = left < time.length + progress.columns + MIN_WHAT_COLUMNS ? NO_BAR : progress;
  const room = left - time.length - bar.columns - (bar.columns > 0 ? 1 : 0);
  const note = one.progress?.note ?? one.said ?? "";
  const attempt = one.attempt > 1 ? `attempt ${one.attempt}  ` : "";
  const on = one.worker === undefined ? "" : `on ${one.worker}  `;
  const what = paint(canvas, "dim", padText(`${attempt}${on}${note === "" ? one.params : note}`, room));
  return `${paint(canvas, "cyan", spinner)} ${name}  ${what}${bar.columns > 0 ? " " : ""}${bar.text}${paint(canvas, "dim", time)}`;
}

function renderProgress(
  { progress }: RunningView,
  canvas: Canvas,
): { readonly text: string; readonly columns: number } {
  if (progress === undefined) return NO_BAR;
  const { done, total } = progress;
  if (total === undefined || total <= 0) {
    const text = ` ${Number(done.toPrecision(6))}`;
    return { text, columns: text.length };
  }
  const share = Math.min(1, done / total);
  const percent = `${Math.floor(share * 100)}%`.padStart(5);
  const columns = canvas.columns < NARROW_COLUMNS ? NARROW_BAR_COLUMNS : BAR_COLUMNS;
  return { text: `${renderBar(share, columns, canvas)}${percent}`, columns: columns + percent.length };
}

function renderBar(share: number, columns: number, canvas: Canvas): string {
  const full = Math.max(0, Math.min(columns, Math.round(share * columns)));
  return `${paint(canvas, "green", "█".repeat(full))}${paint(canvas, "dim", "░".repeat(columns - full))}`;
}

function renderSummary(view: RunView, columns: number, canvas: Canvas): string[] {
  const total = view.planned?.nodes ?? 0;
  const share = total === 0 ? 1 : view.settled / total;
  const counts = `${view.settled}/${total} `;
  const barColumns = Math.max(0, Math.min(40, Math.floor(columns / 2), columns - counts.length - 2));
  const time = [`${describeDuration(Math.max(0, canvas.nowMs - view.startedMs))}`];
  const remainingMs = view.remainingMs(canvas.nowMs);
  if (remainingMs !== undefined && view.settled < total) time.push(`about ${describeDuration(remainingMs)} left`);
  const first = `${renderBar(share, barColumns, canvas)} ${counts}`;
  const room = columns - barColumns - counts.length - 2;
  return [
    `${first}${room > 1 ? ` ${paint(canvas, "dim", fitText(time.join(", "), room - 1))}` : ""}`,
    paintParts(summaryParts(view, canvas.nowMs), columns, canvas),
  ];
}

type Part = readonly [text: string, style: Style];

function summaryParts(view: RunView, nowMs: number): Part[] {
  const parts: Part[] = [
    [`${view.hits} there${hitRate(view)}`, "blue"],
    [`${view.generated} generated`, "green"],
  ];
  if (view.failed > 0) parts.push([`${view.failed} failed`, "red"]);
  if (view.cancelled > 0) parts.push([`${view.cancelled} not done`, "yellow"]);
  const { criticalPathMs } = view.planned ?? {};
  const leftMs = criticalPathMs === undefined ? 0 : criticalPathMs - (nowMs - view.startedMs);
  if (criticalPathMs !== undefined && leftMs > 0)
    parts.push([`longest chain ${describeDuration(leftMs)} of ${describeDuration(criticalPathMs)}`, "dim"]);
  if (view.savedMs > 0) parts.push([`saved ${describeDuration(view.savedMs)}`, "dim"]);
  if (view.cost.size > 0) parts.push([describeCost(view.cost), "dim"]);
  return parts;
}

/**
 * The share of all needed nodes. Hits come first, so a share of the settled nodes would begin at
 * 100%.
 */
function hitRate({ hits, planned }: RunView): string {
  return planned === undefined || planned.nodes === 0 ? "" : ` (${Math.floor((100 * hits) / planned.nodes)}%)`;
}

/** Paints the parts from the left, and leaves out those that do not fit. */
function paintParts(parts: readonly Part[], columns: number, canvas: Canvas): string {
  let left = columns;
  const painted: string[] = [];
  for (const [text, style] of parts) {
    const needed = stringWidth(text) + (painted.length === 0 ? 0 : 2);
    if (needed > left) break;
    left -= needed;
    painted.push(paint(canvas, style, text));
  }
  return painted.join("  ");
}

/** The last line of a run. */
export function renderEnd(view: RunView, { color }: Pick<Canvas, "color">): string {
  const { finished } = view;
  if (finished === undefined) return "";
  const { state, hits, generated, failed, cancelled, durationMs, savedMs, cost } = finished;
  const style = state === "completed" ? "green" : state === "failed" ? "red" : "yellow";
  const parts = [`${generated} generated`, `${hits} there already`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (cancelled > 0) parts.push(`${cancelled} not done`);
  const spent = describeCost(Object.entries(cost));
  const rest = [`in ${describeDuration(durationMs)}`];
  if (savedMs > 0) rest.push(`saved ${describeDuration(savedMs)}`);
  if (spent !== "") rest.push(spent);
  return `${paint({ color }, style, state)}: ${parts.join(", ")}; ${rest.join(", ")}`;
}
