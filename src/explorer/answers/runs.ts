import { listRuns, readRun } from "../../runner/list-runs.ts";
import { journalPath } from "../../runner/run-journal.ts";
import type { RunRecord, RunRecordNode } from "../../runner/run-record.ts";
import type { Store } from "../../store/store.ts";
import type { RunAnswer, RunNode, RunRow, RunsAnswer } from "../shapes/drawing-shapes.ts";
import { type Asked, notFound } from "./asked.ts";
import { literal } from "./commands.ts";
import type { ExploredStore } from "./explored-store.ts";

/** The most nodes that a waterfall shows at once. */
const MAX_NODES = 2000;
/** More runs are not looked at, the oldest left out. */
const MAX_RUNS = 10_000;
/** Longer than any line that a run writes. */
const TAIL_BYTES = 1024 * 1024;
const LINE_FEED = 0x0a;

/** Answers `/api/runs`. */
export async function answerRuns({ store, commands }: ExploredStore, asked: Asked): Promise<RunsAnswer> {
  const { offset, limit } = asked.part();
  const runs = await listRuns(store, { limit: MAX_RUNS });
  return {
    total: runs.length,
    offset,
    rows: runs.slice(offset, offset + limit).map(runRow),
    commands: commands.commands(["runs"], (dataDir) => `await listRuns(${dataDir});`),
  };
}

/** Answers `/api/run`. */
export async function answerRun({ store, commands }: ExploredStore, asked: Asked): Promise<RunAnswer> {
  const runId = checkRunId(asked.required("id"));
  const cursor = await cursorOf(store, runId);
  const run = await readRun(store, runId);
  if (run === undefined) throw notFound(`There is no run ${runId}.`, "The page of runs lists them.");
  const { offset, limit } = asked.part(MAX_NODES);
  const critical = criticalPath(run.nodes);
  const isCritical = new Set(critical);
  const times = run.nodes
    .flatMap(({ startedMs, endedMs }) => [startedMs, endedMs])
    .filter((time) => time !== undefined);
  const startedMs = Date.parse(run.startedAt);
  const finishedMs = run.finishedAt === undefined ? Date.now() : Date.parse(run.finishedAt);
  return {
    run: runRow(run),
    nodes: {
      total: run.nodes.length,
      offset,
      rows: run.nodes.slice(offset, offset + limit).map((node) => runNode(node, isCritical.has(node.address))),
    },
    lanes: run.nodes.reduce((most, { slot }) => Math.max(most, (slot ?? -1) + 1), 0),
    criticalPath: critical,
    fromMs: times.reduce((first, time) => Math.min(first, time), startedMs),
    untilMs: times.reduce((last, time) => Math.max(last, time), run.state === "killed" ? startedMs : finishedMs),
    cursor,
    commands: commands.commands(["runs", runId], (dataDir) => `await readRun(${dataDir}, ${literal(runId)});`),
  };
}

/** An id is the name of a file: only what one can be gets further. */
export function checkRunId(text: string): string {
  if (/^[\w-]{1,100}$/.test(text)) return text;
  throw notFound("There is no such run.", "The page of runs lists them.");
}

export function runRow(run: RunRecord): RunRow {
  const { runId, state, startedAt, finishedAt, durationMs, host, pid, command, concurrency, planned, savedMs } = run;
  return {
    ...{ runId, state, startedAt, host, pid },
    ...(finishedAt === undefined ? {} : { finishedAt }),
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(command === undefined ? {} : { command }),
    ...(Number.isFinite(concurrency) ? { concurrency } : {}),
    ...(planned === undefined ? {} : { planned }),
    ...(savedMs === undefined ? {} : { savedMs }),
    hits: run.hits ?? 0,
    generated: run.generated ?? 0,
    failed: run.failed ?? 0,
    cancelled: run.cancelled ?? 0,
    cost: run.cost ?? {},
  };
}

function runNode(node: RunRecordNode, isCritical: boolean): RunNode {
  const { slot, error, dependencies, index: _, ...told } = node;
  return {
    ...told,
    ...(slot === undefined ? {} : { lane: slot }),
    ...(error === undefined
      ? {}
      : {
          error: {
            name: error.name,
            message: error.message,
            ...(error.code === undefined ? {} : { code: String(error.code) }),
          },
        }),
    dependencies: (dependencies ?? []).map(({ address }) => address),
    isCritical,
  };
}

/** The chain of nodes that ended last: from its end, always the dependency that ended last. */
function criticalPath(nodes: readonly RunRecordNode[]): readonly string[] {
  const byAddress = new Map(nodes.map((node) => [String(node.address), node]));
  const lastOf = (some: Iterable<RunRecordNode>): RunRecordNode | undefined => {
    let last: RunRecordNode | undefined;
    for (const node of some) if ((node.endedMs ?? -1) > (last?.endedMs ?? -1)) last = node;
    return last;
  };
  const path = new Set<string>();
  let node = lastOf(nodes);
  while (node !== undefined && !path.has(node.address)) {
    path.add(node.address);
    node = lastOf((node.dependencies ?? []).flatMap(({ address }) => byAddress.get(address) ?? []));
  }
  return [...path].reverse();
}

/** The end of the last whole line of the journal: what comes later is watched. */
async function cursorOf(store: Store, runId: string): Promise<number> {
  const path = journalPath(runId);
  const sizeBytes = (await store.stat(path))?.sizeBytes ?? 0;
  const start = Math.max(0, sizeBytes - TAIL_BYTES);
  const tail = (await store.read(path, { range: { start, end: sizeBytes } })) ?? new Uint8Array();
  return start + tail.lastIndexOf(LINE_FEED) + 1;
}
