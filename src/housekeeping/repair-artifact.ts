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
 * Sets a damaged artifact aside, or replaces it with the intact copy of another layer. First it
 * verifies the artifact again under its lease, since a process may have replaced it.
 *
 * @returns what was done; `undefined` if nothing was done
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
    // If the other layer does not answer, it may have an intact artifact, so nothing is set aside.
    if (healing?.isHealed === true || healing?.failure !== undefined) return;
    const judged = { state: "damaged", file: record, problem: damage.problem, recordBytes } as const;
    if ((await quarantineArtifact(store, name, address, judged)) === undefined) return;
    // The record may be removed: the quarantine has a copy, and while this process holds the lease,
    // no other process can have replaced it.
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
