import type { Address } from "../../address/address.ts";
import type { Alarm } from "./lease-alarm.ts";
import type { LeaseOwner } from "./lease-claim.ts";

/**
 * A time-limited claim on an address: while it is held, every other process that wants the same
 * payload waits. It only saves work. What is persisted is right without it too, since an artifact
 * appears whole and once, whoever publishes it.
 */
export interface Lease {
  readonly address: Address;
  /** 1, or one more for each owner that was found dead and taken over from. */
  readonly epoch: number;
  /**
   * Whether this claim is still the newest: `false` after a take-over, because this process had
   * been stopped for too long.
   */
  isCurrent(): Promise<boolean>;
  /**
   * Let the next one in. May be called again; after a take-over it changes nothing. Never fails.
   */
  release(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How long things take. All in milliseconds. */
export interface LeaseTiming {
  /**
   * How often a waiter looks, where nothing wakes it earlier. Default 20, and 250 on a store that
   * is not on this machine's disk.
   */
  readonly pollMs: number;
  /** How often an owner shows that it works. Default 1,000. */
  readonly beatMs: number;
  /** How long an owner of which nothing is known may be silent. Default 15,000. */
  readonly staleMs: number;
}

/** One who wants a lease, in one of the ways there are to have one. */
export interface Contender {
  /** One attempt, where {@link look} found it open: `undefined` where somebody was faster. */
  tryClaim(): Promise<WonLease | undefined>;
  /** How things stand. */
  look(): Promise<Standing>;
  /** Ring when they may stand otherwise. */
  watch(alarm: Alarm): void;
  close(): void;
}

/** How things stand with a lease. */
export interface Standing {
  /** Nobody holds it, or whoever did is dead. */
  readonly isOpen: boolean;
  /** Tells one claim from another; absent where there is none. */
  readonly token?: unknown;
  readonly owner?: LeaseOwner | undefined;
}

/** A lease, and the owner from whom it was taken over. */
export interface WonLease {
  /** Once what `beat` gives has resolved, the work may keep the event loop busy. */
  readonly lease: Lease & { beat(): Promise<void> | undefined };
  readonly outbid?: OutbidOwner | undefined;
}

/** The owner of a claim that was taken over. */
export interface OutbidOwner {
  readonly owner: LeaseOwner | undefined;
  /** How long it had been silent; absent where it is certain that it is gone. */
  readonly silentMs?: number | undefined;
}
