import { describeAgeOf } from "../../artifact/explain/describe-record.ts";
import { compareTexts } from "../../catalog/query/sort-entries.ts";
import { openJsonLines } from "../../runner/json-lines.ts";
import { listRuns, readRun } from "../../runner/list-runs.ts";
import { parseRunEvent } from "../../runner/parse-run-event.ts";
import { readJournalLines } from "../../runner/read-journal.ts";
import { journalPath } from "../../runner/run-journal.ts";
import type { RunRecord, RunRecordNode } from "../../runner/run-record.ts";
import { watchRun } from "../../runner/watch-run.ts";
import { openStore } from "../../store/open/open-store.ts";
import { describeDuration } from "../../util/describe.ts";
import { CommandError, ExitCode } from "../core/command-error.ts";
import { dataDirOf } from "../core/open-argument.ts";
import type { CommonFlags, Session } from "../core/session.ts";
import { tableLines } from "../text/table-lines.ts";
import { openRunDisplay } from "./run.ts";

interface RunsFlags extends CommonFlags {
  readonly failed?: boolean | undefined;
  readonly events?: boolean | undefined;
  readonly follow?: boolean | undefined;
  readonly limit?: number | undefined;
}

const LIMIT = 20;
const WIDEST = 100;

export async function runs(session: Session, flags: RunsFlags, id?: string): Promise<number> {
  if (flags.follow === true) return follow(session, await findRun(session, id ?? "latest"));
  if (flags.events === true) return printEvents(session, await findRun(session, id ?? "latest"));
  if (id !== undefined) return printRun(session, flags, await findRun(session, id));
  const all = await listRuns(dataDirOf(session), flags.failed === true ? {} : { limit: flags.limit ?? LIMIT });
  const shown = all.filter((record) => flags.failed !== true || hasFailed(record)).slice(0, flags.limit ?? LIMIT);
  if (session.isJson) session.json("runs", { runs: shown });
  else if (shown.length === 0) session.note("There are no such runs.");
  else {
    const names = ["run", "state", "started", "took", "there", "generated", "failed"];
    session.lines(await tableLines(names, shown.map(cellsOfRun)));
  }
  return ExitCode.done;
}

function hasFailed({ state, failed = 0 }: RunRecord): boolean {
  return failed > 0 || state === "failed" || state === "killed";
}

function cellsOfRun(record: RunRecord): readonly string[] {
  const { runId, state, startedAt, durationMs, hits, generated, failed } = record;
  return [
    runId,
    state,
    describeAgeOf(startedAt),
    tookOf(durationMs),
    ...[hits, generated, failed].map((count) => `${count ?? ""}`),
  ];
}

/** Returns the id of the only run whose id begins with a text; `latest` means the newest run. */
async function findRun(session: Session, text: string): Promise<string> {
  const all = await listRuns(dataDirOf(session), text === "latest" ? { limit: 1 } : {});
  const found = text === "latest" ? all : all.filter(({ runId }) => runId.startsWith(text));
  const [only, second] = found;
  if (only !== undefined && second === undefined) return only.runId;
  throw new CommandError(found.length === 0 ? `There is no run ${text}.` : `${found.length} runs begin with ${text}.`, {
    hint: "persistable runs lists them; latest is the newest one.",
  });
}

async function printRun(session: Session, flags: RunsFlags, runId: string): Promise<number> {
  const record = await readRun(dataDirOf(session), runId);
  if (record === undefined)
    throw new CommandError(`The record of the run ${runId} is damaged.`, { exit: ExitCode.damaged });
  const nodes = record.nodes.filter(({ outcome }) => flags.failed !== true || outcome === "failed").sort(comparePlaces);
  const shown = flags.limit === undefined ? nodes : nodes.slice(0, flags.limit);
  if (session.isJson) session.json("run", { ...record, nodes: shown });
  else {
    const { state, startedAt, durationMs, host, pid, hits = 0 } = record;
    const took = durationMs === undefined ? "" : `, took ${tookOf(durationMs)}`;
    session.line(
      `${runId} ${state}: started ${describeAgeOf(startedAt)} on ${host} by process ${pid}${took}, ${hits} there already`,
    );
    const names = ["state", "name", "address", "took", "attempts", "error"];
    if (shown.length > 0) session.lines(await tableLines(names, shown.map(cellsOfNode), WIDEST));
  }
  return ExitCode.done;
}

/**
 * Compares two nodes by their places in the plan. The order in which they ended differs from run to
 * run, and so does the order in which they began.
 */
function comparePlaces(one: RunRecordNode, other: RunRecordNode): number {
  const [place, otherPlace] = [one.index ?? Number.MAX_VALUE, other.index ?? Number.MAX_VALUE];
  return place - otherPlace || compareTexts(one.name, other.name) || compareTexts(one.address, other.address);
}

function cellsOfNode({
  outcome,
  name,
  address,
  durationMs,
  attempts,
  error,
  reason,
}: RunRecordNode): readonly string[] {
  const tries = attempts === undefined ? "" : String(attempts);
  return [outcome, name, address.slice(0, 8), tookOf(durationMs), tries, error?.message ?? reason ?? ""];
}

async function printEvents(session: Session, runId: string): Promise<number> {
  const { stdout } = session.streams;
  const { onEvent } = openJsonLines((line) => void stdout.write(line));
  for await (const { fields } of readJournalLines(openStore(dataDirOf(session)), journalPath(runId), 0)) {
    const event = fields && parseRunEvent(fields);
    if (event !== undefined) onEvent(event);
  }
  return ExitCode.done;
}

/** Shows a run of another process until it ends, in the way in which `run` shows its own run. */
async function follow(session: Session, runId: string): Promise<number> {
  const { stdout } = session.streams;
  const display = session.isJson ? openJsonLines((line) => void stdout.write(line)) : await openRunDisplay(session);
  try {
    for await (const { event } of watchRun(dataDirOf(session), runId)) display.onEvent(event);
  } finally {
    display.close();
  }
  return ExitCode.done;
}

function tookOf(durationMs: number | undefined): string {
  return durationMs === undefined ? "" : describeDuration(durationMs);
}
