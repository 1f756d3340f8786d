import type { Address } from "../../address/address.ts";
import type { Store, StorePath } from "../../store/store.ts";
import { Alarm, type Wake } from "./lease-alarm.ts";
import { type LeaseOwner, leaseFolder, readClaimChain } from "./lease-claim.ts";
import type { Contender, Lease, LeaseTiming, Standing, WonLease } from "./lease-contender.ts";
import { InProcessContender } from "./lease-in-process.ts";
import { type Machine, thisMachine } from "./lease-machine.ts";
import { StoredContender } from "./lease-stored.ts";

export type { LeaseOwner } from "./lease-claim.ts";
export type { Lease, LeaseTiming } from "./lease-contender.ts";

/** Options of {@link acquireLease}. */
export interface LeaseOptions {
  /**
   * Returns whether the caller can do without the lease. The contender asks at the beginning, after
   * wake-ups, and once more when it has won the lease.
   */
  readonly isDone: () => boolean | Promise<boolean>;
  readonly signal?: AbortSignal | undefined;
  /**
   * Called when another process holds the lease; once for each owner, which is `undefined` if it is
   * unknown.
   */
  readonly onWaiting?: ((owner: LeaseOwner | undefined) => void) | undefined;
  /**
   * Called when the owner was found dead, or was silent for too long, and the lease was taken over.
   */
  readonly onTakeover?: ((owner: LeaseOwner | undefined, silentMs: number | undefined) => void) | undefined;
  /** The folder where the awaited artifact will appear: a change there ends the wait. */
  readonly watchFolder?: StorePath | undefined;
  readonly timing?: Partial<LeaseTiming> | undefined;
  /** Whether the claim leaves out the name of the host; by default the environment says it. */
  readonly isAnonymous?: boolean | undefined;
  /** Tests replace the machine. */
  readonly machine?: Machine | undefined;
}

/**
 * Waits until this process holds the lease on an address, or until it is no longer needed
 * (`undefined`).
 *
 * @throws the signal's reason, as soon as it is aborted; before any costly work, a StoreError if
 * the claim cannot be written or read
 *
 * ```ts
 * await using lease = await acquireLease(store, address, { isDone: async () => (await store.stat(record)) !== undefined });
 * if (lease !== undefined) await generate();
 * ```
 */
export async function acquireLease(store: Store, address: Address, options: LeaseOptions): Promise<Lease | undefined> {
  const { isDone, signal, watchFolder, machine = thisMachine } = options;
  signal?.throwIfAborted();
  if (await isDone()) return undefined;
  await store.prepare?.({ signal });
  const timing = { ...(store.localPath === undefined ? REMOTE_TIMING : LOCAL_TIMING), ...options.timing };
  const alarm = new Alarm(machine, timing.pollMs, signal);
  const contender = isAcrossProcesses(store)
    ? new StoredContender(store, address, timing, machine, options.isAnonymous)
    : new InProcessContender(store, address, machine);
  try {
    const won = await contend(contender, alarm, options, () => {
      alarm.watch(store, watchFolder, "awaited-changed");
      contender.watch(alarm);
    });
    const lease = won && (await confirm(won, options));
    if (lease !== undefined) await sweepOnce(store, machine);
    return lease;
  } finally {
    alarm.close();
    contender.close();
  }
}

/** The folders in which this process has searched for claims of dead processes. */
const swept = new Set<string>();
/** The next process removes the others. */
const MAX_SWEPT = 64;

/**
 * Removes claims of owners that were killed although their artifact was already there: no process
 * takes that lease again. They do no harm, and go when a process takes its first lease in their
 * folder: it outbids each and releases it, as any process that wants the lease.
 */
async function sweepOnce(store: Store, machine: Machine): Promise<void> {
  if (store.localPath === undefined || machine !== thisMachine || swept.has(store.url)) return;
  swept.add(store.url);
  const folder = `${leaseFolder()}/`;
  try {
    const addresses: Address[] = [];
    for await (const { path } of store.list(folder)) {
      const name = path.slice(folder.length);
      if (/^[0-9a-f]{64}$/.test(name)) addresses.push(name as Address);
      if (addresses.length === MAX_SWEPT) break;
    }
    for (const address of addresses) {
      const contender = new StoredContender(store, address, LOCAL_TIMING, machine);
      if ((await contender.inspect()).isOpen) await (await contender.tryClaim())?.lease.release();
    }
  } catch {
    // This is only cleaning up.
  }
}

/**
 * Returns the present owner of the lease on an address, as far as it is known at once; undefined if
 * there is none.
 */
export async function readLease(store: Store, address: Address): Promise<LeaseOwner | undefined> {
  if (!isAcrossProcesses(store)) return InProcessContender.ownerOf(store, address);
  const owner = (await readClaimChain(store, address)).at(-1)?.owner;
  return owner === undefined || thisMachine.isCertainlyGone(owner, store.localPath?.(leaseFolder()))
    ? undefined
    : owner;
}

function isAcrossProcesses({ capabilities }: Store): boolean {
  return capabilities.shared && capabilities.exclusiveCreate;
}

const LOCAL_TIMING: LeaseTiming = { pollMs: 20, beatMs: 1000, staleMs: 15_000 };
/** Each check and each beat is a request that may cost money. */
const REMOTE_TIMING: LeaseTiming = { pollMs: 250, beatMs: 3000, staleMs: 20_000 };

const IMMEDIATE_ATTEMPTS = 3;
const POLLS_PER_QUESTION = 10;

/**
 * Tries to take the lease at once, since it is usually free; otherwise inspects it, waits and tries
 * again.
 */
async function contend(
  contender: Contender,
  alarm: Alarm,
  options: LeaseOptions,
  startWatching: () => void,
): Promise<WonLease | undefined> {
  let standing: Standing = { isOpen: true };
  let isWatching = false;
  const toldOf = new Set<unknown>();
  for (let attempts = 0, polls = 0; ; ) {
    let wake: Wake | undefined;
    if (standing.isOpen) {
      const won = await contender.tryClaim();
      if (won !== undefined) return won;
      attempts++;
    }
    if (!standing.isOpen || attempts >= IMMEDIATE_ATTEMPTS) {
      if (!isWatching) startWatching();
      isWatching = true;
      wake = await alarm.next();
    }
    options.signal?.throwIfAborted();
    const before: Standing = standing;
    standing = await contender.inspect();
    const isOtherOwner = standing.token !== before.token;
    // A claim that this release cannot read changes its token with each beat.
    const whom = standing.owner === undefined ? undefined : standing.token;
    if (!standing.isOpen && !toldOf.has(whom)) {
      toldOf.add(whom);
      options.onWaiting?.(standing.owner);
    }
    const mayBeDone =
      isOtherOwner || wake === "awaited-changed" || (wake === "poll" && ++polls % POLLS_PER_QUESTION === 0);
    if (mayBeDone && (await options.isDone())) return undefined;
  }
}

/** The owner before may have finished its work just before this process won the lease. */
async function confirm({ lease, outbid }: WonLease, options: LeaseOptions): Promise<Lease | undefined> {
  try {
    const isDone = await options.isDone();
    options.signal?.throwIfAborted();
    if (!isDone) {
      if (outbid !== undefined) options.onTakeover?.(outbid.owner, outbid.silentMs);
      await lease.beat();
      return lease;
    }
  } catch (error) {
    await lease.release();
    throw error;
  }
  await lease.release();
  return undefined;
}
