import type { Address } from "../../address/address.ts";
import type { Alarm } from "./lease-alarm.ts";
import type { LeaseOwner } from "./lease-claim.ts";

/**
 * A time-limited claim on an address: while this process holds it, every other process that wants
 * the same payload waits. It only saves work. Artifacts are correct without it too, since each
 * appears whole and once, whichever process publishes it.
 */
export interface Lease {
  readonly address: Address;
  /** 1, plus one for each owner that was found dead and taken over from. */
  readonly epoch: number;
  /**
   * Returns whether this claim is still the newest: `false` after a take-over, which happens if
   * this process was stopped for too long.
   */
  isCurrent(): Promise<boolean>;
  /**
   * Lets the next waiter in. May be called again; after a take-over it changes nothing. Never
   * fails.
   */
  release(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Durations, all in milliseconds. */
export interface LeaseTiming {
  /**
   * The interval at which a waiter checks if nothing wakes it earlier. Default 20, and 250 on a
   * store that is not on this machine's disk.
   */
  readonly pollMs: number;
  /** The interval at which an owner shows that it works. Default 1,000. */
  readonly beatMs: number;
  /** The time that an owner may be silent if nothing else is known about it. Default 15,000. */
  readonly staleMs: number;
}

/** A process that wants a lease, on one kind of store. */
export interface Contender {
  /**
   * Attempts to take a lease that {@link inspect} found open; returns undefined if another process
   * was faster.
   */
  tryClaim(): Promise<WonLease | undefined>;
  /** Returns the present state of the lease. */
  inspect(): Promise<Standing>;
  /** Makes the alarm wake its waiters when the state of the lease may have changed. */
  watch(alarm: Alarm): void;
  close(): void;
}

/** The state of a lease. */
export interface Standing {
  /** The lease has no owner, or its owner is dead. */
  readonly isOpen: boolean;
  /** Differs from claim to claim; absent if there is none. */
  readonly token?: unknown;
  readonly owner?: LeaseOwner | undefined;
}

/** A lease, and the owner from whom it was taken over, if any. */
export interface WonLease {
  /** Once the promise of `beat` has resolved, the work may keep the event loop busy. */
  readonly lease: Lease & { beat(): Promise<void> | undefined };
  readonly outbid?: OutbidOwner | undefined;
}

export interface OutbidOwner {
  readonly owner: LeaseOwner | undefined;
  /** The time that the owner had been silent; absent if it is certainly gone. */
  readonly silentMs?: number | undefined;
}
