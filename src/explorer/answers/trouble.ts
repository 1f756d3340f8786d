import { leaseFolder, readClaim } from "../../artifact/lease/lease-claim.ts";
import { isCertainlyGone } from "../../artifact/lease/process-identity.ts";
import type { CatalogEntry } from "../../catalog/query/catalog-entry.ts";
import { planCollection } from "../../housekeeping/plan-collection.ts";
import { listRuns } from "../../runner/list-runs.ts";
import type { ArtifactRow, Window } from "../shapes/common.ts";
import type { InFlight, TroubleAnswer } from "../shapes/drawing-shapes.ts";
import { allValuesOf, rowOf } from "./artifact-row.ts";
import { MAX_ROWS } from "./asked.ts";
import type { ExploredStore } from "./explored-store.ts";
import { runRow } from "./runs.ts";

/** Older runs are not looked at. */
const MAX_RUNS = 1000;

/** Answers `/api/trouble`. */
export async function answerTrouble(explored: ExploredStore, signal: AbortSignal): Promise<TroubleAnswer> {
  const { catalog, store, commands } = explored;
  const [failed, unreadable, inFlight, setAside, runs] = await Promise.all([
    catalog.find("state=failed", { limit: MAX_ROWS }),
    catalog.find("-state=present -state=failed", { limit: MAX_ROWS }),
    leasesOf(explored, signal),
    planCollection(store, { quarantineOlderThanMs: 0 }, { signal }),
    listRuns(store, { limit: MAX_RUNS }),
  ]);
  const quarantine = setAside.decisions.flatMap((decision) => (decision.kind === "quarantine" ? [decision] : []));
  const ended = runs.filter(({ state }) => state === "failed" || state === "killed");
  return {
    failed: windowOf(failed),
    unreadable: windowOf(unreadable),
    inFlight: firstOf(inFlight),
    quarantine: firstOf(
      quarantine
        .map(({ paths: [path = ""], changedAt, sizeBytes }) => ({ ...placeOf(path), setAsideAt: changedAt, sizeBytes }))
        .sort((one, other) => (one.setAsideAt < other.setAsideAt ? 1 : -1)),
    ),
    runs: firstOf(ended.map(runRow)),
    commands: commands.commands(["verify"], (dataDir) => `await openCatalog(${dataDir}).find("-state=present");`),
  };
}

function windowOf({ total, artifacts }: { total: number; artifacts: readonly CatalogEntry[] }): Window<ArtifactRow> {
  return { total, offset: 0, rows: artifacts.map((entry) => rowOf(entry, [...allValuesOf(entry).keys()])) };
}

function firstOf<Row>(rows: readonly Row[]): Window<Row> {
  return { total: rows.length, offset: 0, rows: rows.slice(0, MAX_ROWS) };
}

/** `.persistable/quarantine/<folder of the name>/<time>-<address>.json` */
function placeOf(path: string): { readonly name: string; readonly address: string } {
  const [, name = "", address = ""] = /([^/]+)\/[^/]*?([0-9a-f]{64})[^/]*$/.exec(path) ?? [];
  return { name, address };
}

/** The claim that was made last on an address is that of the process which generates it. */
async function leasesOf({ store }: ExploredStore, signal: AbortSignal): Promise<readonly InFlight[]> {
  const found = new Map<string, InFlight>();
  for await (const { path, modifiedMs } of store.list(`${leaseFolder()}/`, { signal })) {
    const [, address] = /\/([0-9a-f]{64})(?:\.[0-9a-f]+)?$/.exec(path) ?? [];
    if (address === undefined) continue;
    const since = new Date(modifiedMs).toISOString();
    if ((found.get(address)?.since ?? "") > since) continue;
    const owner = (await readClaim(store, path, signal))?.owner;
    const isGone = owner !== undefined && isCertainlyGone(owner, store.localPath?.(path));
    found.set(address, {
      address,
      owner: owner === undefined ? {} : { host: owner.host, pid: owner.pid, isGone },
      since: owner?.claimedAt ?? since,
    });
  }
  return [...found.values()];
}
