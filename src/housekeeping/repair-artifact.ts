import { readRecordBytes } from "../artifact/layout/read-record-bytes.ts";
import { recordPath } from "../artifact/layout/record-path.ts";
import { withFreeLease } from "../artifact/lease/with-free-lease.ts";
import { quarantineArtifact } from "../artifact/read/quarantine-artifact.ts";
import { listNames } from "../catalog/list-names.ts";
import { certainStore } from "../store/certain-store.ts";
import type { Store } from "../store/store.ts";
import { safeName } from "../util/safe-name.ts";
import type { VerifiedArtifact } from "./verified-artifact.ts";

/**
 * Sets a damaged artifact aside, or takes its whole copy of another layer. It is looked at once
 * more under its lease first, since a process may have replaced it.
 *
 * @returns what was done; `undefined` if nothing was
 */
export async function repairArtifact(
  store: Store,
  { path, name: shown, address }: VerifiedArtifact,
  lookAgain: () => Promise<VerifiedArtifact | undefined>,
  signal: AbortSignal | undefined,
): Promise<VerifiedArtifact["repaired"]> {
  const name = await nameOf(store, path, shown, signal);
  if (name === undefined) return undefined;
  let repaired: VerifiedArtifact["repaired"];
  await withFreeLease(store, address, async () => {
    const record = recordPath(name, address);
    const recordBytes = await readRecordBytes(certainStore(store), record, { signal });
    const [damage] = (await lookAgain())?.damaged ?? [];
    if (recordBytes === undefined || damage === undefined) return;
    const healing = await store.layers?.heal(record, { recordBytes }, { signal });
    if (healing?.isHealed === true) repaired = "healed";
    // Nothing is known of what the other layer has.
    if (healing?.isHealed === true || healing?.failure !== undefined) return;
    const judged = { state: "damaged", file: record, problem: damage.problem, recordBytes } as const;
    if ((await quarantineArtifact(store, name, address, judged)) === undefined) return;
    // Its copy is safe, and under the lease no process has published another one.
    await store.remove(record, { signal });
    repaired = "set-aside";
  });
  return repaired;
}

/** The name of the artifacts in the folder of a record that may be damaged. */
async function nameOf(
  store: Store,
  path: string,
  shown: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const folder = path.slice(0, path.indexOf("/"));
  if (safeName(shown) === folder) return shown;
  for await (const name of listNames(store, { signal })) if (safeName(name) === folder) return name;
  return undefined;
}
