import type { Address } from "../../address/address.ts";
import type { Store, StorePath } from "../../store/store.ts";
import { hiddenHost, saysAnonymous } from "../../util/anonymity.ts";
import type { Alarm } from "./lease-alarm.ts";
import {
  type Claim,
  type ClaimChain,
  encodeBeat,
  encodeClaimHead,
  encodeEnd,
  firstClaimPath,
  isEnded,
  leaseFolder,
  MAX_CLAIM_BYTES,
  newToken,
  outbiddingPath,
  readClaim,
  readClaimChain,
  recordEnded,
} from "./lease-claim.ts";
import type { Contender, Lease, LeaseTiming, Standing, WonLease } from "./lease-contender.ts";
import { type Heartbeat, startHeartbeat } from "./lease-heartbeat.ts";
import type { Machine } from "./lease-machine.ts";
import { ClaimObserver } from "./lease-observer.ts";

/** Takes a lease on a store that all processes see. */
export class StoredContender implements Contender {
  readonly #store: Store;
  readonly #address: Address;
  readonly #isAnonymous: boolean;
  readonly #beatMs: number;
  readonly #machine: Machine;
  readonly #observer: ClaimObserver;
  #chain: ClaimChain = [];

  constructor(
    store: Store,
    address: Address,
    { pollMs, beatMs, staleMs }: LeaseTiming,
    machine: Machine,
    anonymous?: boolean,
  ) {
    this.#store = store;
    this.#isAnonymous = saysAnonymous(anonymous);
    this.#address = address;
    this.#beatMs = beatMs;
    this.#machine = machine;
    this.#observer = new ClaimObserver(
      machine,
      store.localPath?.(leaseFolder()),
      staleMs,
      Math.max(beatMs, 2 * pollMs),
    );
  }

  async inspect(): Promise<Standing> {
    this.#chain = await readClaimChain(this.#store, this.#address);
    const last = this.#chain.at(-1);
    if (last === undefined) return { isOpen: true };
    // Only the last claim counts: the maker of each claim found the owner of the one before it
    // dead.
    return { isOpen: this.#observer.isOver(last), token: last.token, owner: last.owner };
  }

  async tryClaim(): Promise<WonLease | undefined> {
    const outbid = this.#chain.at(-1);
    const token = newToken();
    const path = outbid === undefined ? firstClaimPath(this.#address) : outbiddingPath(this.#address, outbid.token);
    const { self } = this.#machine;
    const host = this.#isAnonymous ? hiddenHost(self.host) : self.host;
    const owner = { ...self, host, claimedAt: new Date().toISOString() };
    const head = encodeClaimHead(token, owner);
    if (!(await this.#create(path, token, head))) return undefined;
    const own: Claim = { path, token, owner, beat: encodeBeat(0) };
    const chain = [...this.#chain, own];
    if (outbid !== undefined && !(await this.#verify(chain, own))) return undefined;
    const lease = new StoredLease(this.#store, this.#address, chain, { ...own, head }, () =>
      startHeartbeat(this.#store, own, head, this.#beatMs, this.#machine),
    );
    // The owner has said that it is done, so it was neither dead nor silent.
    if (outbid === undefined || isEnded(outbid)) return { lease };
    return { lease, outbid: { owner: outbid.owner, silentMs: this.#observer.silentMs } };
  }

  watch(alarm: Alarm): void {
    alarm.watch(this.#store, leaseFolder(), "claims-changed");
  }

  close(): void {}

  /** Creates a claim. Returns whether this process made it: another one may have been faster. */
  async #create(path: StorePath, token: string, head: string): Promise<boolean> {
    const bytes = [Buffer.from(head + encodeBeat(0))];
    // A power cut ends all owners: it does not matter which claims survive it.
    const options = { durable: false };
    try {
      const made =
        this.#store.sync?.createIfAbsent?.(path, bytes, options) ?? this.#store.createIfAbsent(path, bytes, options);
      return (await made) === "created";
    } catch (error) {
      // It is unknown whether the claim was created. While this process lives, no other process
      // could be sure that it is abandoned.
      await this.#removeOwn(path, token);
      throw error;
    }
  }

  /**
   * Returns whether the claims that this process found dead are still the chain that it outbid.
   * They are gone if another process outbid them first, finished, and removed them meanwhile; then
   * our claim is one that no chain leads to. A process that outbids us creates its claim after ours
   * and checks after that, so if two processes both believe that they won, one of them would have
   * seen the other.
   */
  async #verify(chain: ClaimChain, own: Claim): Promise<boolean> {
    const there = await readClaimChain(this.#store, this.#address);
    if (there.length === chain.length && there.every(({ token }, i) => token === chain[i]?.token)) return true;
    // If this process was stopped for long, another one may have outbid our claim already. Then our
    // claim is part of that process's chain, and must stay.
    if (!there.some(({ token }) => token === own.token)) await this.#removeOwn(own.path, own.token);
    return false;
  }

  async #removeOwn(path: StorePath, token: string): Promise<void> {
    try {
      if ((await readClaim(this.#store, path))?.token === token) await this.#store.remove(path);
    } catch {
      // The claim falls silent, and another process outbids it.
    }
  }
}

interface OwnClaim extends Claim {
  /** The part of the claim's text that never changes. */
  readonly head: string;
}

/** A lease whose claims lie in a store, where every process sees them. */
class StoredLease implements Lease {
  readonly address: Address;
  readonly epoch: number;
  readonly #store: Store;
  readonly #chain: ClaimChain;
  readonly #token: string;
  readonly #path: StorePath;
  readonly #head: string;
  readonly #startHeartbeat: () => Heartbeat;
  #heartbeat: Heartbeat | undefined;
  #released: Promise<void> | undefined;

  /** @param chain - from the first claim to our own */
  constructor(store: Store, address: Address, chain: ClaimChain, own: OwnClaim, startBeating: () => Heartbeat) {
    this.address = address;
    this.epoch = chain.length;
    this.#store = store;
    this.#chain = chain;
    this.#token = own.token;
    this.#path = own.path;
    this.#head = own.head;
    this.#startHeartbeat = startBeating;
    removeAtExit(this);
  }

  /**
   * Starts to show other processes that the owner works. A lease that is released at once needs no
   * heartbeat, which costs a thread.
   */
  beat(): Promise<void> | undefined {
    this.#heartbeat ??= this.#startHeartbeat();
    return this.#heartbeat.ready;
  }

  async isCurrent(): Promise<boolean> {
    if (this.#released !== undefined) return false;
    const own = await readClaim(this.#store, this.#path);
    return own?.token === this.#token && (await readClaim(this.#store, this.#outbiddingPath)) === undefined;
  }

  release(): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  get #outbiddingPath(): StorePath {
    return outbiddingPath(this.address, this.#token);
  }

  async #release(): Promise<void> {
    heldLeases.delete(this);
    await this.#heartbeat?.stop();
    try {
      // After a take-over, the chain is the new owner's to remove. Without its first claim the
      // lease would look free.
      if ((await readClaim(this.#store, this.#outbiddingPath)) !== undefined) return;
      const first = await readClaim(this.#store, firstClaimPath(this.address));
      // The new owner may have finished and removed the chain: then the first claim, if there is
      // one, belongs to another process. A late beat may have restored ours.
      const isOurs = first?.token === this.#chain[0]?.token;
      // The first claim is removed first. Without a later one, the earlier ones would look like
      // claims that were never outbid.
      for (const { path } of isOurs ? this.#chain : this.#chain.slice(1))
        this.#store.sync?.remove?.(path) ?? (await this.#store.remove(path));
    } catch {
      // The work under the lease is done, so the failure does not matter.
      await this.#sayEnded();
    }
  }

  /**
   * Writes into a claim that could not be removed that it is over; if even that fails, it falls
   * silent, and another process outbids it.
   */
  async #sayEnded(): Promise<void> {
    recordEnded(this.#token);
    try {
      const own = await readClaim(this.#store, this.#path);
      if (own?.token !== this.#token) return;
      await this.#store.replace(this.#path, [Buffer.from(this.#head + encodeEnd())], { durable: false });
    } catch {
      // The store does not answer, or may not be written: other processes then wait until the claim
      // has been silent for long enough.
    }
  }

  /** Releases the lease synchronously, as the process ends. */
  releaseNow(): void {
    const door = this.#store.localPath === undefined ? undefined : this.#store.sync;
    const remove = door?.remove;
    if (door === undefined || remove === undefined) return;
    const textOf = (path: StorePath): string | undefined => {
      const bytes = door.readShared(path, MAX_CLAIM_BYTES);
      return bytes instanceof Uint8Array ? Buffer.from(bytes).toString("latin1") : bytes;
    };
    const first = this.#chain[0];
    try {
      if (first === undefined || textOf(this.#outbiddingPath) !== undefined) return;
      if (!textOf(first.path)?.includes(`"token":"${first.token}"`)) return;
      for (const { path } of this.#chain) remove(path);
    } catch {
      // A claim that could not be removed falls silent, and another process outbids it.
    }
  }
}

const heldLeases = new Set<StoredLease>();
let isRemovingAtExit = false;

/**
 * Removes the claims of a process that ends by itself. A process that is killed leaves them, and
 * every process can see that it is gone; so no signal handlers are needed, which would change what
 * signals do to the program.
 */
function removeAtExit(lease: StoredLease): void {
  heldLeases.add(lease);
  if (isRemovingAtExit) return;
  isRemovingAtExit = true;
  process.on("exit", () => {
    for (const held of heldLeases) held.releaseNow();
  });
}
