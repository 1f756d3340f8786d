import { azureStore } from "../../src/entry/stores/azure.ts";
import { gcsStore } from "../../src/entry/stores/gcs.ts";
import { s3Store } from "../../src/entry/stores/s3.ts";
import type { Store } from "../../src/store/store.ts";
import { storePath } from "../../src/store/store-path.ts";
import { type Fate, type FaultProxy, startFaultProxy } from "./fault-proxy.ts";

/** The address of the service that the child calls. */
export interface BreakOffInput {
  readonly service: "s3" | "azure" | "gcs";
  readonly port: number;
  /** After the host in an endpoint. */
  readonly path: string;
  /** A bucket or a container. */
  readonly place: string;
  /** The child tries every `step`-th mishap, and at least one of each call. */
  readonly step: number;
}

/** The child's report on one call in which one exchange went wrong. */
export interface BreakOffTrial {
  readonly call: string;
  /** `reset in the head, exchange 2 of 3` */
  readonly mishap: string;
  /** The differences from what should have happened; empty if there are none. */
  readonly wrong: string;
}

const MIB = 1024 * 1024;
const BIG = pattern(17 * MIB);
const SMALL = pattern(3000);
const LISTED = 25;
/** The size of a page of a list: small, so that a list has several pages. */
const PAGE = 10;
// Stalls are rare here, and a busy machine is slow.
const patience = { attempts: 6, delayMs: 1, stallMs: 60_000 };
const IMPATIENT_MS = 1500;

interface Call {
  readonly name: string;
  /** Makes what the call needs, through a store without faults. */
  prepare?(store: Store, fresh: string): Promise<unknown>;
  /** Runs through the failing store; its result must be the same as without faults. */
  run(store: Store, fresh: string): Promise<unknown>;
  /** Reads the state afterwards, through the store without faults. */
  after?(store: Store, fresh: string): Promise<unknown>;
  readonly isBig?: boolean;
}

const at = (fresh: string, name: string) => storePath("break-off", fresh, name);
const read = async (store: Store, fresh: string, name = "a.bin"): Promise<unknown> =>
  summarize(await store.read(at(fresh, name)));

const calls: readonly Call[] = [
  {
    name: "read",
    prepare: (store, fresh) => store.writeFresh(at(fresh, "a.bin"), [SMALL]),
    run: read,
  },
  { name: "read of nothing", run: read },
  {
    name: "read of a range",
    prepare: (store, fresh) => store.writeFresh(at(fresh, "a.bin"), [SMALL]),
    run: async (store, fresh) => summarize(await store.read(at(fresh, "a.bin"), { range: { start: 1000, end: 2000 } })),
  },
  {
    name: "read in parts",
    isBig: true,
    prepare: (store, fresh) => store.writeFresh(at(fresh, "a.bin"), [BIG]),
    run: read,
  },
  {
    name: "stat",
    prepare: (store, fresh) => store.writeFresh(at(fresh, "a.bin"), [SMALL]),
    run: async (store, fresh) => (await store.stat(at(fresh, "a.bin")))?.sizeBytes,
  },
  { name: "stat of nothing", run: (store, fresh) => store.stat(at(fresh, "a.bin")) },
  {
    name: "list",
    async prepare(store, fresh) {
      for (let index = 0; index < LISTED; index++) await store.replace(at(fresh, `${index + 100}.bin`), [SMALL]);
    },
    async run(store, fresh) {
      const names: string[] = [];
      for await (const { path } of store.list(`break-off/${fresh}/`)) names.push(path.slice(-7));
      return names.join();
    },
  },
  {
    name: "createIfAbsent",
    run: (store, fresh) => store.createIfAbsent(at(fresh, "a.bin"), [SMALL]),
    after: read,
  },
  {
    name: "createIfAbsent where one is",
    prepare: (store, fresh) => store.writeFresh(at(fresh, "a.bin"), [Buffer.from("earlier")]),
    run: (store, fresh) => store.createIfAbsent(at(fresh, "a.bin"), [SMALL]),
    after: read,
  },
  {
    name: "replace",
    prepare: (store, fresh) => store.writeFresh(at(fresh, "a.bin"), [Buffer.from("earlier")]),
    run: (store, fresh) => store.replace(at(fresh, "a.bin"), [SMALL]),
    after: read,
  },
  {
    name: "createIfAbsent in parts",
    isBig: true,
    run: (store, fresh) => store.createIfAbsent(at(fresh, "a.bin"), [BIG]),
    after: read,
  },
  {
    name: "createIfAbsent in parts where one is",
    isBig: true,
    prepare: (store, fresh) => store.writeFresh(at(fresh, "a.bin"), [Buffer.from("earlier")]),
    run: (store, fresh) => store.createIfAbsent(at(fresh, "a.bin"), [BIG]),
    after: read,
  },
  {
    name: "remove",
    prepare: (store, fresh) => store.writeFresh(at(fresh, "a.bin"), [SMALL]),
    // If the answer was lost, the call itself has removed the object.
    run: (store, fresh) => store.remove(at(fresh, "a.bin")),
    after: read,
  },
  {
    name: "move",
    prepare: (store, fresh) => store.writeFresh(at(fresh, "a.bin"), [SMALL]),
    run: (store, fresh) => store.move(at(fresh, "a.bin"), at(fresh, "b.bin")),
    after: async (store, fresh) => [await read(store, fresh), await read(store, fresh, "b.bin")].join(),
  },
];

const faults = ["cut", "reset", "stall"] as const;
/** The bytes of the body that pass after the head; `undefined` breaks off within the head. */
const points = [undefined, 0, 7, 1500, 100_000] as const;

const input = JSON.parse(process.argv[2] ?? "{}") as BreakOffInput;
await using proxy = await startFaultProxy(input.port);
const direct = await open(`http://127.0.0.1:${input.port}${input.path}`, patience.stallMs);
let count = 0;
let befallen = 0;
for (const call of calls) await tryCall(call);
tell({ call: "all", mishap: `${befallen} mishaps`, wrong: befallen === 0 ? "nothing went wrong" : "" });

async function tryCall(call: Call): Promise<void> {
  const { outcome: expected, exchanges } = await attempt(call, () => undefined, patience.stallMs);
  let isMet = false;
  for (const fault of faults)
    for (const afterBodyBytes of points)
      for (let which = 0; which < exchanges; which++) {
        // Waiting for a stall costs time, and its position makes little difference.
        if (fault === "stall" && afterBodyBytes !== 7) continue;
        if (call.isBig === true && fault === "cut" && afterBodyBytes === 0) continue;
        if (call.isBig !== true && afterBodyBytes === 100_000) continue;
        // Every call meets one at least, however few are tried.
        if (count++ % input.step !== 0 && isMet) continue;
        const fate: Fate = afterBodyBytes === undefined ? { fault } : { fault, afterBodyBytes };
        const stallMs = fault === "stall" ? IMPATIENT_MS : patience.stallMs;
        const { outcome } = await attempt(call, (index) => (index === which ? fate : undefined), stallMs);
        if (proxy.counts[fault] === 0) continue;
        const place = afterBodyBytes === undefined ? "in the head" : `after ${afterBodyBytes} bytes of the body`;
        const mishap = `${fault} ${place}, exchange ${which + 1} of ${exchanges}`;
        befallen++;
        isMet = true;
        tell({ call: call.name, mishap, wrong: outcome === expected ? "" : `${outcome} instead of ${expected}` });
      }
}

/** The call through a network in which each exchange has its fate. */
async function attempt(
  call: Call,
  fateOf: (index: number) => Fate | undefined,
  stallMs: number,
): Promise<{ readonly outcome: string; readonly exchanges: number }> {
  const fresh = crypto.randomUUID();
  await call.prepare?.(direct, fresh);
  const store = await openFailing(proxy, stallMs);
  proxy.setPlan((request, earlier) => ({ request: withPages(request), ...fateOf(earlier) }));
  let outcome: unknown;
  try {
    outcome = await call.run(store, fresh);
  } catch (error) {
    outcome = String(error);
  }
  const { exchanges } = proxy.counts;
  const after = await call.after?.(direct, fresh);
  return { outcome: `${outcome}, then ${after}`, exchanges };
}

/**
 * Asked for small pages, a list has several; what the client asks for is the service's own size.
 */
function withPages(request: string): string {
  const name = { s3: "max-keys", azure: "maxresults", gcs: "maxResults" }[input.service];
  const isList = /list-type=2|comp=list|[?&]prefix=/.test(request);
  return isList ? request.replace(/ HTTP/, `&${name}=${PAGE} HTTP`) : request;
}

async function openFailing({ url, setPlan }: FaultProxy, stallMs: number): Promise<Store> {
  setPlan.call(proxy, undefined);
  const store = await open(`${url}${input.path}`, stallMs);
  // The store probes the service before its first write, and the probe is not what should fail
  // here.
  await store.prepare?.();
  return store;
}

function open(endpoint: string, stallMs: number): Promise<Store> {
  const options = { endpoint, prefix: "team", patience: { ...patience, stallMs } };
  if (input.service === "s3") return s3Store({ ...options, bucket: input.place });
  if (input.service === "gcs") return gcsStore({ ...options, bucket: input.place });
  return azureStore({ ...options, container: input.place });
}

function summarize(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) return "nothing";
  let sum = 0;
  for (const byte of bytes) sum = (sum * 31 + byte) % 1_000_000_007;
  return `${bytes.length} bytes (${sum})`;
}

function pattern(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  for (let index = 0; index < sizeBytes; index++) bytes[index] = index * 7 + (index >> 16);
  return bytes;
}

function tell(trial: BreakOffTrial): void {
  process.stdout.write(`${JSON.stringify(trial)}\n`);
}
