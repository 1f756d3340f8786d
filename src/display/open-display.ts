import { blankedText, visibleLine } from "../errors/visible-text.ts";
import type {
  NodeFailedEvent,
  NodeGeneratedEvent,
  NodeLogEvent,
  NodeRetriedEvent,
  RunEvent,
} from "../events/run-event.ts";
import { describeCost, describeDuration, describeError } from "../util/describe.ts";
import { describeAddress } from "../util/describe-address.ts";
import { loadLogUpdate } from "../util/peers/peers.ts";
import { writeQuietly } from "../util/write-quietly.ts";
import { fitText } from "./fit-text.ts";
import { paint } from "./paint.ts";
import { renderBlock, renderEnd } from "./render-block.ts";
import { RunView } from "./run-view.ts";

/** The stream that a display writes to: standard error, or a similar stream. */
export interface DisplayStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

/** How a run is shown. */
export interface DisplayOptions {
  /** Standard error by default. */
  readonly stream?: DisplayStream | undefined;
  /** Whether lines are redrawn in place. Default: only if the stream is a terminal outside CI. */
  readonly live?: boolean | undefined;
  /** Default: decided by the terminal, NO_COLOR and FORCE_COLOR. */
  readonly color?: boolean | undefined;
}

/** A run on the screen, as `openDisplay` gives it. */
export interface Display {
  /** Give it to `run`. */
  readonly onEvent: (event: RunEvent) => void;
  /** Shows a line that is not about a node, above those that are redrawn. */
  readonly note: (text: string) => void;
  /** Leaves the terminal as it was before. The end of a run does that too. */
  close(): void;
}

/** A user would not see more frequent drawings. */
const REDRAW_MS = 100;
/** Without a terminal, a summary line is written this often. */
const SUMMARY_MS = 10_000;

/**
 * Shows a run. In a terminal each running node has a line with its progress, above a summary of the
 * run; elsewhere the display writes plain lines.
 *
 * @throws {@link MissingPeerError} if lines are redrawn in place and log-update is not installed
 *
 * @example
 * ```ts
 * import { openDisplay } from "persistable-ts/display";
 * import { run } from "persistable-ts/pipeline";
 * import { study } from "./pipeline.ts";
 *
 * const display = await openDisplay();
 * await run(study, { onEvent: display.onEvent });
 * ```
 */
export async function openDisplay(options: DisplayOptions = {}): Promise<Display> {
  const stream = quietly(options.stream ?? process.stderr);
  const color = options.color ?? hasColor(stream);
  const live = options.live ?? (stream.isTTY === true && process.env.CI === undefined);
  return live ? openLive(stream, color) : openPlain(stream, color);
}

/** Returns the stream with its errors ignored: a closed terminal must not end the run. */
function quietly(stream: DisplayStream): DisplayStream {
  return new Proxy(stream, {
    get(target, property) {
      if (property === "write") return (text: string) => writeQuietly(target, text);
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function hasColor(stream: DisplayStream): boolean {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== "") return false;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  return stream.isTTY === true && process.env.TERM !== "dumb";
}

async function openLive(stream: DisplayStream, color: boolean): Promise<Display> {
  const { createLogUpdate } = await loadLogUpdate();
  const draw = createLogUpdate(stream as NodeJS.WritableStream);
  const view = new RunView();
  let isDirty = false;
  const permanent: string[] = [];
  const writePermanent = (): void => {
    if (permanent.length === 0) return;
    draw.clear();
    stream.write(permanent.splice(0).join(""));
  };
  const redraw = (): void => {
    isDirty = false;
    writePermanent();
    draw(renderBlock(view, { ...sizeOf(stream), color, nowMs: Date.now() }).join("\n"));
  };
  const timer = setInterval(() => {
    if (isDirty || view.running.length > 0) redraw();
  }, REDRAW_MS);
  timer.unref();
  const close = (): void => {
    clearInterval(timer);
    writePermanent();
    draw.clear();
    draw.done();
  };
  return {
    onEvent(event) {
      const params = paramsIn(event, view);
      view.handle(event);
      const lines = permanentLines(event, params, view, { color, ...sizeOf(stream) });
      if (event.type === "finished") {
        close();
        stream.write(`${renderEnd(view, { color })}\n`);
        return;
      }
      // The line is written with the next drawing, so that thousands of failures do not cause
      // thousands of drawings.
      permanent.push(...lines.map((line) => `${line}\n`));
      isDirty = true;
    },
    note(text) {
      permanent.push(`${visibleLine(text)}\n`);
      if (view.planned !== undefined) redraw();
      else writePermanent();
    },
    close,
  };
}

/**
 * A pseudo terminal without a known size reports 0. One column stays free: a terminal that wraps at
 * its last column would tear the block apart.
 */
function sizeOf({ columns, rows }: DisplayStream): { readonly columns: number; readonly rows: number } {
  return { columns: (columns || 80) - 1, rows: rows || 24 };
}

/** The lines of an event that stay in the terminal. */
function permanentLines(
  event: RunEvent,
  params: string,
  view: RunView,
  { color, columns }: { readonly color: boolean; readonly columns: number },
): readonly string[] {
  if (view.planned === undefined) return [];
  const lines =
    event.type === "failed"
      ? [describeFailed(event, params)]
      : event.type === "retried"
        ? [describeRetried(event, params)]
        : event.type === "log"
          ? describeWarnings(event, params)
          : [];
  return lines.map((line) => paint({ color }, event.type === "failed" ? "red" : "yellow", fitText(line, columns)));
}

/**
 * Returns the params of the node that an event is about. They come from the view, since the event
 * that ends a node does not have them.
 */
function paramsIn(event: RunEvent, view: RunView): string {
  return "index" in event ? view.paramsOf(event.index) : "";
}

const MAX_PARAMS_COLUMNS = 60;

/** Names a node with its params, since a user would not recognize it by its address alone. */
function whichOf(name: string, params: string, address: string): string {
  const short = describeAddress(address);
  return params === "" || params === "{}"
    ? `${name} ${short}`
    : `${name} ${fitText(params, MAX_PARAMS_COLUMNS)} ${short}`;
}

function describeFailed({ name, address, attempt, error }: NodeFailedEvent, params: string): string {
  const attempts = attempt > 1 ? ` after ${attempt} attempts` : "";
  return `failed ${whichOf(name, params, address)}${attempts}: ${describeError(error)}`;
}

function describeRetried({ name, address, attempt, delayMs, error }: NodeRetriedEvent, params: string): string {
  return `attempt ${attempt} of ${whichOf(name, params, address)} failed, again in ${describeDuration(delayMs)}: ${describeError(error)}`;
}

/**
 * The warnings and errors that a generator has logged on a worker. Those of this process are on its
 * console already.
 */
function describeWarnings({ name, address, lines, worker }: NodeLogEvent, params: string): readonly string[] {
  if (worker === undefined) return [];
  return lines.flatMap(({ level, message }) =>
    level === "warn" || level === "error"
      ? [`${LEVEL[level]} of ${whichOf(name, params, address)} on ${worker}: ${visibleLine(message)}`]
      : [],
  );
}

const LEVEL = { warn: "warning", error: "error" } as const;

function describeGenerated({ name, address, durationMs, cost }: NodeGeneratedEvent, params: string): string {
  const spent = cost === undefined ? "" : `, ${describeCost(Object.entries(cost))}`;
  return `generated ${whichOf(name, params, address)} in ${describeDuration(durationMs)}${spent}`;
}

function openPlain(stream: DisplayStream, color: boolean): Display {
  const view = new RunView();
  const write = (text: string): void => void stream.write(`${blankedText(text)}\n`);
  const summary = (): void => {
    if (view.planned === undefined || view.finished !== undefined) return;
    const remainingMs = view.remainingMs(Date.now());
    const left = remainingMs === undefined ? "" : `, about ${describeDuration(remainingMs)} left`;
    write(`${view.settled} of ${view.planned.nodes} done, ${view.running.length} running${left}`);
  };
  const timer = setInterval(summary, SUMMARY_MS);
  timer.unref();
  return {
    onEvent(event) {
      const params = paramsIn(event, view);
      view.handle(event);
      if (event.type === "planned") write(`${event.nodes} needed: ${event.hits} there, ${event.misses} to generate`);
      else if (event.type === "generated") write(describeGenerated(event, params));
      else if (event.type === "failed") write(describeFailed(event, params));
      else if (event.type === "retried") write(describeRetried(event, params));
      else if (event.type === "log") for (const line of describeWarnings(event, params)) write(line);
      else if (event.type === "waiting")
        write(`${event.name} ${describeAddress(event.address)} waits for ${event.owner}`);
      else if (event.type === "finished") {
        clearInterval(timer);
        stream.write(`${renderEnd(view, { color })}\n`);
      }
    },
    note: write,
    close: () => clearInterval(timer),
  };
}
