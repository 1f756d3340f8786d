// One of several machines, each with a folder of its own, and one store that they share.
import { appendFileSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type LayeredMode, layeredStore } from "../../src/entry/stores/layered.ts";
import { openS3 } from "../../src/entry/stores/s3.ts";
import { npy } from "../../src/format/built-in/built-in-formats.ts";
import { definePersistable, typedParams } from "../../src/persistable/define-persistable.ts";
import { fileStore } from "../../src/store/folder/file-store.ts";
import type { Store } from "../../src/store/store.ts";
import { faultyStore } from "./faulty-store.ts";

export interface MachineInput {
  readonly local: string;
  /** A folder, or the URL of a bucket. */
  readonly remote: string;
  readonly mode?: LayeredMode;
  /** Whether the remote can tell who was first; a bucket finds out. */
  readonly isExclusive: boolean;
  /** Each generation writes a line. */
  readonly journal: string;
  readonly generationMs: number;
  /** How many payloads, one after the other. */
  readonly payloads: number;
  /** Whether each generation gives something else. */
  readonly isRandom: boolean;
}

export type MachineLine =
  | { readonly is: "ready" }
  | { readonly is: "got"; readonly payloads: readonly number[]; readonly failures: number };

const input = JSON.parse(process.argv[2] ?? "") as MachineInput;
const numbers = definePersistable({
  name: "numbers",
  params: typedParams<{ readonly index: number }>(),
  format: npy(),
  generate: async ({ params }) => {
    appendFileSync(input.journal, `${params.index}\n`);
    await sleep(input.generationMs);
    return new Float64Array(1000).fill(params.index + (input.isRandom ? Math.random() : 0));
  },
});

function tell(line: MachineLine): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

async function openRemote(): Promise<Store> {
  if (input.remote.startsWith("s3:")) return openS3(input.remote);
  // A store that is elsewhere has neither a synchronous door nor a path on the disk.
  return faultyStore(fileStore(input.remote), { exclusiveCreate: input.isExclusive });
}

const store = layeredStore({ local: fileStore(input.local), remote: await openRemote(), mode: input.mode });
tell({ is: "ready" });
process.stdin.once("data", async () => {
  const payloads: number[] = [];
  for (let index = 0; index < input.payloads; index++) {
    const silent = { debug() {}, info() {}, warn() {}, error() {} };
    const payload = await numbers({ index }, { dataDir: store, logger: silent }).payload;
    payloads.push(...new Set(payload));
  }
  tell({ is: "got", payloads, failures: store.failures().count });
  process.exit();
});
