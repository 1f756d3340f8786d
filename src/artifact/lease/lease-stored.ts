import type { Address } from "../../address/address.ts";
import type { Store, StorePath } from "../../store/store.ts";
import type { Alarm } from "./lease-alarm.ts";
import {
  type Claim,
  type ClaimChain,
  encodeBeat,
  encodeClaimHead,
  firstClaimPath,
  leaseFolder,
  MAX_CLAIM_BYTES,
  newToken,
  outbiddingPath,
  readClaim,
  readClaimChain,
} from "./lease-claim.ts";
import type { Contender, Lease, LeaseTiming, Standing, WonLease } from "./lease-contender.ts";
import { encodeEnd, isEnded, noteEnded } from "./lease-ended.ts";
import { type Heartbeat, startHeartbeat } from "./lease-heartbeat.ts";
import type { Machine } from "./lease-machine.ts";
import { ClaimObserver } from "./lease-observer.ts";

/** Wants a lease on a store that all processes see. */
export class StoredContender implements Contender {
  readonly #store: Store;
  readonly #address: Address;
  readonly #beatMs: number;
  readonly #machine: Machine;
  readonly #observer: ClaimObserver;
  #chain: ClaimChain = [];

  constructor(store: Store, address: Address, { pollMs, beatMs, staleMs }: LeaseTiming, machine: Machine) {
    this.#store = store;
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

  async look(): Promise<Standing> {
    this.#chain = await readClaimChain(this.#store, this.#address);
    const last = this.#chain.at(-1);
    if (last === undefined) return { isOpen: true };
    // Only the last one counts: each claim was made by somebody who found the one before it dead.
    return { isOpen: this.#observer.isOver(last), token: last.token, owner: last.owner };
  }

  async tryClaim(): Promise<WonLease | undefined> {
    const outbid = this.#chain.at(-1);
    const token = newToken();
    const path = outbid === undefined ? firstClaimPath(this.#address) : outbiddingPath(this.#address, outbid.token);
    const owner = { ...this.#machine.self, claimedAt: new Date().toISOString() };
    const head = encodeClaimHead(token, owner);
    if (!(await this.#create(path, token, head))) return undefined;
    const own: Claim = { path, token, owner, beat: encodeBeat(0) };
    const chain = [...this.#chain, own];
    if (outbid !== undefined && !(await this.#verify(chain, own))) return undefined;
    const lease = new StoredLease(this.#store, this.#address, chain, { ...own, head }, () =>
      startHeartbeat(this.#store, own, head, this.#beatMs, this.#machine),
    );
    // An owner that has said that it is done was neither dead nor silent.
    if (outbid === undefined || isEnded(outbid)) return { lease };
    return { lease, outbid: { owner: outbid.owner, silentMs: this.#observer.silentMs } };
  }

  watch(alarm: Alarm): void {
    alarm.watch(this.#store, leaseFolder(), "claims-changed");
  }

  close(): void {}

  /** Whether the claim is the one of its name. */
  async #create(path: StorePath, token: string, head: string): Promise<boolean> {
    const bytes = [Buffer.from(head + encodeBeat(0))];
    // A power cut ends all owners: what it leaves of claims does not matter.
    const options = { durable: false };
    try {
      const made =
        this.#store.sync?.createIfAbsent?.(path, bytes, options) ?? this.#store.createIfAbsent(path, bytes, options);
      return (await made) === "created";
    } catch (error) {
      // Whether it was made is not known, and as long as this process lives nobody else would be
      // sure that it is abandoned.
      await this.#removeOwn(path, token);
      throw error;
    }
  }

  /**
   * Whether the claims that we found dead are still what we outbid. They are gone where somebody
   * else outbid them first, finished, and removed them, while we were slow; then our claim lies
   * where no chain leads. Whoever outbids us creates after us and looks after that, so of two who
   * are both convinced, one would have seen the other.
   */
  async #verify(chain: ClaimChain, own: Claim): Promise<boolean> {
    const there = await readClaimChain(this.#store, this.#address);
    if (there.length === chain.length && there.every(({ token }, i) => token === chain[i]?.token)) return true;
    // Outbid already, since we were stopped for long: then our claim is a link of a chain, and must
    // stay.
    if (!there.some(({ token }) => token === own.token)) await this.#removeOwn(own.path, own.token);
    return false;
  }

  async #removeOwn(path: StorePath, token: string): Promise<void> {
    try {
      if ((await readClaim(this.#store, path))?.token === token) await this.#store.remove(path);
    } catch {
      // It falls silent, and is outbid.
    }
  }
}

interface OwnClaim extends Claim {
  /** The part of its text that stays. */
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

  /** @param chain from the first claim to our own. */
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
   * From now on others see that the owner works. A lease that is given back at once needs no
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
      // Taken over: the chain is the taker's to remove. Without its first claim it would be free
      // for somebody else.
      if ((await readClaim(this.#store, this.#outbiddingPath)) !== undefined) return;
      const first = await readClaim(this.#store, firstClaimPath(this.address));
      // Taken over, and done with: the first claim, if there is one, is somebody else's. A late
      // beat may have brought back ours.
      const isOurs = first?.token === this.#chain[0]?.token;
      // The first claim goes first. Without a later one, the earlier ones would look like claims
      // that nobody has outbid.
      for (const { path } of isOurs ? this.#chain : this.#chain.slice(1)) await this.#store.remove(path);
    } catch {
      // What was done under the lease is done.
      await this.#sayEnded();
    }
  }

  /**
   * A claim that could not be removed says that it is over, where that can be written; otherwise it
   * falls silent, and is outbid.
   */
  async #sayEnded(): Promise<void> {
    noteEnded(this.#token);
    try {
      const own = await readClaim(this.#store, this.#path);
      if (own?.token !== this.#token) return;
      await this.#store.replace(this.#path, [Buffer.from(this.#head + encodeEnd())], { durable: false });
    } catch {
      // The store is away, or may not be written over.
    }
  }

  /** The same at once, as the process ends. */
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
      // A claim that could not be removed falls silent, and is outbid.
    }
  }
}

const heldLeases = new Set<StoredLease>();
let isRemovingAtExit = false;

/**
 * Claims of a process that ends by itself are gone with it. One that is killed leaves them, and
 * everybody can see that it is gone; so there is no need to listen to signals, which would change
 * what they do to the program.
 */
function removeAtExit(lease: StoredLease): void {
  heldLeases.add(lease);
  if (isRemovingAtExit) return;
  isRemovingAtExit = true;
  process.on("exit", () => {
    for (const held of heldLeases) held.releaseNow();
  });
}
