import { findOrphans } from "../artifact/publish/remove-orphans.ts";
import { listNames } from "../catalog/list-names.ts";
import { QUARANTINE_FOLDER, RUNS_FOLDER } from "../store/internal-folder.ts";
import type { Store, StoreEntry } from "../store/store.ts";
import { describeSpan } from "../util/describe-span.ts";
import type { DebrisDecision, RemoveReason } from "./collection-plan.ts";
import type { CollectionPolicy } from "./collection-policy.ts";
import { listLitter } from "./store-litter.ts";

/** How a plan looks at a store. */
export interface LookOptions {
  readonly nowMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Finds all that a policy removes besides artifacts. */
export async function findDebris(
  store: Store,
  entries: readonly StoreEntry[],
  policy: CollectionPolicy,
  look: LookOptions,
): Promise<DebrisDecision[]> {
  const { quarantineOlderThanMs, logsOlderThanMs, runsOlderThanMs } = policy;
  return [
    ...(policy.orphans === true ? await orphans(store, policy.names, look) : []),
    ...(policy.temporary === true ? await unfinished(store) : []),
    ...old("quarantine", setAside(entries), quarantineOlderThanMs, look.nowMs),
    ...old("log", entriesOf("log", entries), logsOlderThanMs, look.nowMs),
    ...old("run", entriesOf("run", entries), runsOlderThanMs, look.nowMs),
    ...old("failure", entriesOf("failure", entries), runsOlderThanMs, look.nowMs),
  ];
}

async function orphans(
  store: Store,
  names: readonly string[] | undefined,
  look: LookOptions,
): Promise<DebrisDecision[]> {
  const found: DebrisDecision[] = [];
  for await (const name of names ?? listNames(store, { signal: look.signal }))
    for (const { file, paths, sizeBytes, changedMs } of await findOrphans(store, name, look)) {
      const text = `no record refers to it, ${describeSpan(look.nowMs - changedMs)} old`;
      const orphan = debris("orphan", paths, sizeBytes, changedMs, { code: "orphan", text });
      found.push({ ...orphan, orphan: { name, file } });
    }
  return found;
}

async function unfinished(store: Store): Promise<DebrisDecision[]> {
  const text = "an unfinished write of a process that has ended";
  return (await listLitter(store)).map(({ path, sizeBytes, modifiedMs }) =>
    debris("temporary", [path], sizeBytes, modifiedMs, { code: "unfinished", text }),
  );
}

/**
 * Groups all objects of each damaged artifact into one entry. Its time is when the artifact was set
 * aside.
 */
function setAside(entries: readonly StoreEntry[]): Group[] {
  const groups = new Map<string, Group>();
  for (const entry of entriesOf("quarantine", entries)) {
    const key = SET_ASIDE.exec(entry.path)?.[1] ?? entry.path;
    const { paths = [], sizeBytes = 0, modifiedMs = 0 } = groups.get(key) ?? {};
    groups.set(key, {
      paths: [...paths, entry.path],
      sizeBytes: sizeBytes + entry.sizeBytes,
      modifiedMs: Math.max(modifiedMs, entry.modifiedMs),
    });
  }
  return [...groups.values()];
}

const SET_ASIDE = new RegExp(`^(${QUARANTINE_FOLDER}/[^/]+/[0-9a-f]{12}(?:-\\d+)?-[0-9a-f]{64})\\.`);

interface Group {
  readonly paths: readonly string[];
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/** The kinds of things that are removed when they are old enough. */
type OldKind = "quarantine" | "log" | "run" | "failure";

/**
 * Whether the path of an object fits its kind. A plan may come from a file that was changed, so
 * this is checked before removing.
 */
export const isOfKind: Readonly<Record<OldKind, (path: string) => boolean>> = {
  quarantine: (path) => path.startsWith(`${QUARANTINE_FOLDER}/`),
  log: (path) => !path.includes("/") && /\.log(?:\.1)?$/.test(path),
  run: (path) => path.startsWith(`${RUNS_FOLDER}/`),
  // The note of a failure lies beside the place of the artifact's record.
  failure: (path) => /^[^/]+\/[0-9a-f]{64}\.failed\.json$/.test(path),
};

function entriesOf(kind: OldKind, entries: readonly StoreEntry[]): readonly StoreEntry[] {
  return entries.filter(({ path }) => isOfKind[kind](path));
}

const OF_OLD: Readonly<Record<OldKind, string>> = {
  quarantine: "set aside",
  log: "written to",
  run: "written to",
  failure: "failed",
};

function old(
  kind: OldKind,
  found: readonly (StoreEntry | Group)[],
  olderThanMs: number | undefined,
  nowMs: number,
): DebrisDecision[] {
  if (olderThanMs === undefined) return [];
  const tooOld = found.filter(({ modifiedMs }) => nowMs - modifiedMs >= olderThanMs);
  return tooOld.map((entry) => {
    const paths = "paths" in entry ? entry.paths : [entry.path];
    const text = `${OF_OLD[kind]} ${describeSpan(nowMs - entry.modifiedMs)} ago`;
    const code = kind === "quarantine" ? "set-aside" : "old";
    return debris(kind, paths, entry.sizeBytes, entry.modifiedMs, { code, text });
  });
}

function debris(
  kind: DebrisDecision["kind"],
  paths: readonly string[],
  sizeBytes: number,
  changedMs: number,
  reason: RemoveReason,
): DebrisDecision {
  return { kind, action: "remove", reason, paths, sizeBytes, changedAt: new Date(changedMs).toISOString() };
}
