import type { Address } from "../../address/address.ts";
import type { Store } from "../../store/store.ts";
import type { Alarm } from "./lease-alarm.ts";
import type { LeaseOwner } from "./lease-claim.ts";
import type { Contender, Lease, Standing, WonLease } from "./lease-contender.ts";
import type { Machine } from "./lease-machine.ts";

/**
 * Takes a lease on a store that only this process sees, or that cannot tell which process was
 * first: the lease holds within this process.
 */
export class InProcessContender implements Contender {
  readonly #address: Address;
  readonly #key: string;
  readonly #machine: Machine;
  #alarm: Alarm | undefined;

  constructor(store: Store, address: Address, machine: Machine) {
    this.#address = address;
    this.#key = keyOf(store, address);
    this.#machine = machine;
  }

  static ownerOf(store: Store, address: Address): LeaseOwner | undefined {
    return heldLeases.get(keyOf(store, address))?.owner;
  }

  async inspect(): Promise<Standing> {
    const held = heldLeases.get(this.#key);
    if (held === undefined) return { isOpen: true };
    if (this.#alarm !== undefined) held.waiting.add(this.#alarm);
    return { isOpen: false, token: held, owner: held.owner };
  }

  async tryClaim(): Promise<WonLease | undefined> {
    if (heldLeases.has(this.#key)) return undefined;
    const owner = { ...this.#machine.self, claimedAt: new Date().toISOString() };
    return { lease: new InProcessLease(this.#address, this.#key, owner) };
  }

  watch(alarm: Alarm): void {
    this.#alarm = alarm;
    heldLeases.get(this.#key)?.waiting.add(alarm);
  }

  close(): void {
    if (this.#alarm !== undefined) heldLeases.get(this.#key)?.waiting.delete(this.#alarm);
  }
}

const heldLeases = new Map<string, InProcessLease>();

class InProcessLease implements Lease {
  readonly address: Address;
  readonly epoch = 1;
  readonly owner: LeaseOwner;
  /** The alarms whose waiters are woken at the release. */
  readonly waiting = new Set<Alarm>();
  readonly #key: string;

  constructor(address: Address, key: string, owner: LeaseOwner) {
    this.address = address;
    this.owner = owner;
    this.#key = key;
    heldLeases.set(key, this);
  }

  /** The lease needs no beat: no other process checks it. */
  beat(): undefined {}

  async isCurrent(): Promise<boolean> {
    return heldLeases.get(this.#key) === this;
  }

  async release(): Promise<void> {
    if (heldLeases.get(this.#key) !== this) return;
    heldLeases.delete(this.#key);
    for (const alarm of this.waiting) alarm.ring("claims-changed");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }
}

function keyOf(store: Store, address: Address): string {
  return `${address} ${store.url}`;
}
