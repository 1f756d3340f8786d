import { useEffect, useRef, useState } from "react";
import type { RunAnswer, RunNode } from "../../../../src/explorer/api.ts";
import { stateSign, stateTone, stateWord } from "../../parts/state-mark.tsx";
import { formatDuration } from "../../text/format.ts";

const LANE = 26;
const LEFT = 56;
const AXIS = 22;

/**
 * One lane for each worker: thin while a node waits, full while it generates, light while it is
 * persisted. The critical path is outlined, and each further attempt is a notch.
 */
export function Waterfall({
  answer: { nodes, lanes, fromMs, untilMs },
  chosen,
  onChoose,
}: {
  readonly answer: RunAnswer;
  readonly chosen: string | undefined;
  readonly onChoose: (address: string) => void;
}) {
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(800);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setWidth(Math.max(240, element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const scale = (width - LEFT - 8) / Math.max(1, untilMs - fromMs);
  const toX = (ms: number) => LEFT + (ms - fromMs) * scale;
  const drawn = nodes.rows.filter(({ lane, startedMs }) => lane !== undefined && startedMs !== undefined);
  const height = AXIS + Math.max(1, lanes) * LANE;
  return (
    <div ref={place} className="waterfall">
      <svg
        width={width}
        height={height}
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label="When each worker did what"
      >
        {ticks(untilMs - fromMs, width).map((ms) => (
          <g key={ms}>
            <line className="tick" x1={toX(fromMs + ms)} x2={toX(fromMs + ms)} y1={AXIS - 4} y2={height} />
            <text x={toX(fromMs + ms) + 3} y={12}>
              {formatDuration(ms)}
            </text>
          </g>
        ))}
        {[...Array(lanes).keys()].map((lane) => (
          <text key={lane} x={0} y={AXIS + lane * LANE + 17}>
            lane {lane + 1}
          </text>
        ))}
        {drawn.map((node) => (
          <NodeBar
            key={node.address}
            node={node}
            toX={toX}
            untilMs={untilMs}
            isChosen={node.address === chosen}
            onChoose={() => onChoose(node.address)}
          />
        ))}
      </svg>
    </div>
  );
}

function NodeBar({
  node,
  toX,
  untilMs,
  isChosen,
  onChoose,
}: {
  readonly node: RunNode;
  readonly toX: (ms: number) => number;
  readonly untilMs: number;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}) {
  const {
    name,
    params = "",
    outcome,
    lane = 0,
    startedMs = 0,
    endedMs = untilMs,
    waitedMs = 0,
    durationMs,
    attempts = 1,
  } = node;
  const generatesFrom = Math.min(endedMs, startedMs + waitedMs);
  const persistsFrom = Math.min(endedMs, durationMs === undefined ? endedMs : generatesFrom + durationMs);
  const y = AXIS + lane * LANE + 3;
  const [x, until] = [toX(generatesFrom), toX(endedMs)];
  const width = Math.max(2, until - x);
  const title = `${name} ${params}: ${stateWord(outcome)}, ${formatDuration(endedMs - startedMs)}${attempts > 1 ? `, ${attempts} attempts` : ""}`;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the table of nodes below does the same by keyboard.
    <g
      className="node-bar"
      data-tone={stateTone(outcome)}
      data-critical={node.isCritical}
      data-chosen={isChosen}
      onClick={onChoose}
    >
      <title>{title}</title>
      <rect className="waits" x={toX(startedMs)} y={y + 8} width={Math.max(0, x - toX(startedMs))} height={4} />
      <rect className="persists" x={x} y={y} width={width} height={20} rx={2} />
      <rect
        className="generates"
        x={x}
        y={y}
        width={Math.min(width, Math.max(2, toX(persistsFrom) - x))}
        height={20}
        rx={2}
      />
      {[...Array(Math.min(9, attempts - 1)).keys()].map((notch) => (
        <rect key={notch} className="notch" x={x + 3 + notch * 5} y={y + 14} width={2} height={6} />
      ))}
      {width < 40 ? null : (
        <text x={x + 4} y={y + 14}>
          {cutTo(`${outcome === "generated" ? "" : `${stateSign(outcome)} `}${name} ${params}`, (width - 8) / 6.2)}
        </text>
      )}
    </g>
  );
}

function cutTo(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, Math.max(1, characters - 1))}…`;
}

/** Times at even distances that are easy to read, as far apart as their texts need. */
function ticks(spanMs: number, width: number): readonly number[] {
  const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 3e4, 6e4, 3e5, 6e5, 18e5, 36e5, 144e5, 864e5];
  const step = steps.find((each) => (each * width) / Math.max(1, spanMs) > 90) ?? spanMs;
  return [...Array(Math.floor(spanMs / Math.max(1, step)) + 1).keys()].map((index) => index * step);
}
