import type { Address } from "../../address/address.ts";
import { recordPath } from "../../artifact/layout/record-path.ts";
import type { Store } from "../../store/store.ts";
import type { State } from "../declare/state.ts";

/** Last use is known to the day, which is enough to collect what is not used any more. */
const DAY_MS = 86_400_000;
const DELAY_MS = 1000;
/** The number of records that one turn may touch, so that other work does not wait for long. */
const MOST_AT_ONCE = 200;
/** A program that gives no turn to timers touches records while it loads more than this. */
const MOST_PENDING = 10_000;
/** The number of artifacts of a store that a process remembers for a day. */
const MOST_KNOWN = 100_000;

/** The artifacts of one store that this process has noted today. */
interface KnownUses {
  readonly addresses: Set<Address>;
  readonly untilMs: number;
}

const known = new WeakMap<Store, KnownUses>();
let pending: string[] = [];
let isListening = false;

/**
 * Notes that an artifact was loaded. Soon after, or when the process ends, the time of its record
 * becomes the present, at most once a day. Only a store in a folder of this machine has such times.
 */
export function noteUse({ surroundings: { store }, declaration }: State, name: string, address: Address): void {
  if (store.localPath === undefined || declaration.recordsUse === false) return;
  const nowMs = Date.now();
  let uses = known.get(store);
  if (uses === undefined || uses.untilMs < nowMs || uses.addresses.size >= MOST_KNOWN) {
    uses = { addresses: new Set(), untilMs: nowMs + DAY_MS };
    known.set(store, uses);
  }
  if (uses.addresses.has(address)) return;
  uses.addresses.add(address);
  pending.push(store.localPath(recordPath(name, address)));
  if (pending.length === 1) touchLater(DELAY_MS);
  if (pending.length >= MOST_PENDING) touchRecords(MOST_PENDING);
  if (isListening) return;
  isListening = true;
  process.on("exit", () => touchRecords(pending.length));
}

function touchLater(delayMs: number): void {
  setTimeout(() => {
    touchRecords(MOST_AT_ONCE);
    if (pending.length > 0) touchLater(1);
  }, delayMs).unref();
}

/** Touches the records that were noted first. */
function touchRecords(most: number): void {
  const paths = pending.slice(0, most);
  pending = pending.slice(most);
  if (process.env.PERSISTABLE_LAST_USE === "off") return;
  for (const path of paths) touch(path, Date.now());
}

/** The last use is only a hint: a record that cannot be written, or is gone, is ignored. */
function touch(path: string, nowMs: number): void {
  // Importing node:fs would also load its streams, which takes a process that only hits 2 ms.
  const fs = process.getBuiltinModule("node:fs");
  try {
    const found = fs.lstatSync(path, { throwIfNoEntry: false });
    if (found?.isFile() !== true || nowMs - found.mtimeMs < DAY_MS) return;
    fs.lutimesSync(path, nowMs / 1000, nowMs / 1000);
  } catch {
    // The record is another user's file, or the disk is read-only.
  }
}
