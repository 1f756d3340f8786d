// A process whose event loop stands still while it holds a lease, for tests that look at the lease
// meanwhile.
import { appendFileSync, existsSync, writeSync } from "node:fs";
import type { Address } from "../../src/address/address.ts";
import { acquireLease, type LeaseTiming } from "../../src/artifact/lease/lease.ts";
import { definePersistable, fileStore, openStore, type Store } from "../../src/entry/index.ts";
import { azureStore } from "../../src/entry/stores/azure.ts";
import { gcsStore } from "../../src/entry/stores/gcs.ts";
import { layeredStore } from "../../src/entry/stores/layered.ts";
import { s3Store } from "../../src/entry/stores/s3.ts";
import { sftpStore } from "../../src/entry/stores/sftp.ts";

/** A store, as another process opens it. */
export type BusyPlace =
  | { readonly kind: "url"; readonly url: string }
  | { readonly kind: "s3" | "azure" | "gcs" | "sftp"; readonly options: object }
  /** A store made by the program, which a thread cannot open by itself. */
  | { readonly kind: "own"; readonly folder: string }
  | { readonly kind: "layered"; readonly folder: string; readonly remote: BusyPlace; readonly mode?: never };

export interface BusyTask {
  readonly place: BusyPlace;
  readonly address: string;
  readonly timing: Partial<LeaseTiming>;
  /** The loop stands still until there is this file. */
  readonly goFile?: string;
  /**
   * The loop stands still for this long, within a generator that notes in the journal that it has
   * begun.
   */
  readonly busyMs?: number;
  readonly journal?: string;
  /** Whether the lease is given back without having been busy. */
  readonly isShort?: boolean;
}

export type BusyLine = "held" | "released" | { readonly payload: number };

function tell(line: BusyLine): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

async function open(place: BusyPlace): Promise<Store> {
  switch (place.kind) {
    case "url":
      return openStore(place.url);
    case "s3":
      return s3Store(place.options as Parameters<typeof s3Store>[0]);
    case "azure":
      return azureStore(place.options as Parameters<typeof azureStore>[0]);
    case "gcs":
      return gcsStore(place.options as Parameters<typeof gcsStore>[0]);
    case "sftp":
      return sftpStore(place.options as Parameters<typeof sftpStore>[0]);
    case "own":
      return elsewhere(fileStore(place.folder, { durable: false }));
    case "layered":
      return layeredStore({ local: fileStore(place.folder, { durable: false }), remote: await open(place.remote) });
  }
}

/** A store as a program may write it: it has neither a path nor synchronous calls. */
function elsewhere(store: Store): Store {
  const names = ["read", "stat", "writeFresh", "createIfAbsent", "replace", "move", "remove", "list"] as const;
  const calls = Object.fromEntries(names.map((name) => [name, (store[name] as () => unknown).bind(store)]));
  return { url: "own:store", capabilities: store.capabilities, ...calls } as unknown as Store;
}

function standStill(isOver: () => boolean): void {
  const nothing = new Int32Array(new SharedArrayBuffer(4));
  while (!isOver()) Atomics.wait(nothing, 0, 0, 20);
}

const {
  place,
  address,
  timing,
  goFile = "",
  busyMs,
  journal = "",
  isShort,
} = JSON.parse(process.argv[2] ?? "") as BusyTask;
process.stdin.destroy();
const store = await open(place);
if (busyMs !== undefined) await generate(busyMs);
else await hold();

async function hold(): Promise<void> {
  const lease = await acquireLease(store, address as Address, { isDone: () => false, timing });
  tell("held");
  if (isShort !== true) standStill(() => existsSync(goFile));
  await lease?.release();
  tell("released");
}

async function generate(forMs: number): Promise<void> {
  const busy = definePersistable({
    name: "busy",
    generate: () => {
      appendFileSync(journal, `${process.pid}\n`);
      const startedMs = performance.now();
      standStill(() => performance.now() - startedMs > forMs);
      return process.pid;
    },
  });
  tell("held");
  tell({ payload: await busy({}, { dataDir: store }).payload });
}
