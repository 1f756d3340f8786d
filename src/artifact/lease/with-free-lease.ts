import type { Address } from "../../address/address.ts";
import type { Store } from "../../store/store.ts";
import { acquireLease } from "./lease.ts";

/**
 * Runs `work` under the lease of an address. It does nothing if the lease is held, since its
 * holder may be the caller.
 *
 * @throws what `work` throws; a StoreError
 */
export async function withFreeLease(store: Store, address: Address, work: () => Promise<void>): Promise<void> {
  const waiting = new AbortController();
  const lease = await acquireLease(store, address, {
    isDone: () => Promise.resolve(false),
    signal: waiting.signal,
    onWaiting: () => waiting.abort(isHeld),
  }).catch((error: unknown) => {
    if (error !== isHeld) throw error;
  });
  if (lease === undefined) return;
  try {
    await work();
  } finally {
    await lease.release();
  }
}

const isHeld = new Error("the lease is held");
