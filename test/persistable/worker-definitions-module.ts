import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { isMainThread } from "node:worker_threads";
import { directory } from "../../src/entry/formats/directory.ts";
import { file } from "../../src/entry/formats/file.ts";
import {
  defineClass,
  definePersistable,
  npy,
  Persistable,
  persistFunction,
  type Secret,
  structured,
  typedParams,
  type Untracked,
} from "../../src/entry/index.ts";

import { type FileInput, type FolderInput, inputPath } from "../../src/entry/inputs.ts";

/** The definitions of a program, in a module of their own that worker threads can import. */

export const upstream = definePersistable({
  name: "upstream",
  params: typedParams<{ n: number }>(),
  generate: ({ params }) => Float64Array.from({ length: params.n }, (_, i) => i),
});

export const tripled = persistFunction(
  (n: number, options: { readonly unit: string }) => `${n * 3} ${options.unit} ${isMainThread}`,
  { name: "tripled", worker: true, untracked: ["1.unit"] },
);

export const inputs = definePersistable({
  name: "worker_inputs",
  worker: true,
  params: typedParams<{ data: FileInput; more: readonly FolderInput[] }>(),
  generate: async ({ params }) => ({
    text: readFileSync(await inputPath(params.data), "utf8"),
    folders: (await Promise.all(params.more.map(inputPath))).map((folder) => path.basename(folder)),
    isMainThread,
  }),
});

let kept: Float64Array | undefined;

export const doubled = definePersistable({
  name: "doubled",
  worker: true,
  dependencies: { upstream },
  generate: async ({ dependencies, seed }) => {
    const values = (await dependencies.upstream.payload).map((value) => value * 2);
    kept = values;
    return { values, nested: new Map([["bytes", [new Uint8Array([1, 2, 3])]]]), isMainThread, seed };
  },
});

/** Tells what the thread that generated `doubled` still has of its payload. */
export const leftover = definePersistable({
  name: "leftover",
  worker: true,
  generate: () => kept?.byteLength ?? -1,
});

export const forgetful = definePersistable({ name: "forgetful", worker: true, generate: () => undefined });

/** Puts something in the way of its own publication, once. */
function obstruct(dataDir: string, name: string): void {
  const count = path.join(dataDir, `${name}.count`);
  const calls = existsSync(count) ? Number(readFileSync(count, "utf8")) + 1 : 1;
  writeFileSync(count, String(calls));
  if (calls === 1) writeFileSync(path.join(dataDir, name), "in the way");
}

export const obstructedArray = definePersistable({
  name: "obstructed_array",
  worker: true,
  format: npy(),
  params: typedParams<{ dataDir: string }>(),
  generate: ({ params, cost }) => {
    obstruct(params.dataDir, "obstructed_array");
    cost({ usd: 4 });
    return Float64Array.of(1, 2, 3);
  },
});

export const obstructedFile = definePersistable({
  name: "obstructed_file",
  worker: true,
  format: file({ extension: ".txt" }),
  params: typedParams<{ dataDir: string }>(),
  generate: ({ params, workDir }) => {
    obstruct(params.dataDir, "obstructed_file");
    writeFileSync(path.join(workDir, "a.txt"), "made on a worker thread");
    return path.join(workDir, "a.txt");
  },
});

export const obstructedFolder = definePersistable({
  name: "obstructed_folder",
  worker: true,
  format: directory(),
  params: typedParams<{ dataDir: string }>(),
  generate: ({ params, workDir }) => {
    obstruct(params.dataDir, "obstructed_folder");
    writeFileSync(path.join(workDir, "a.txt"), "made on a worker thread");
    return workDir;
  },
});

/** A class whose codec fails on the main thread for as long as that thread says so. */
export class Reading {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

export const broken = { codec: false, readings: 0 };

export const reading = definePersistable({
  name: "reading",
  worker: true,
  format: structured({
    classes: [
      defineClass(Reading, {
        encode: ({ value }) => value,
        decode: (value) => {
          if (broken.codec) throw new Error("bug in my codec");
          return new Reading(value);
        },
      }),
    ],
  }),
  generate: () => {
    broken.readings += 1;
    return new Reading(broken.readings);
  },
});

export const keeping = definePersistable({
  name: "keeping",
  worker: true,
  params: typedParams<{ call: number }>(),
  generate: () => {
    kept ??= new Float64Array(4);
    return kept;
  },
});

export const talkative = definePersistable({
  name: "talkative",
  worker: true,
  generate: ({ progress, cost, log, workDir }) => {
    writeFileSync(path.join(workDir, "scratch"), "scratch");
    progress(1, 2, "half");
    cost({ usd: 0.5 });
    cost({ usd: 0.25, tokens: 10 });
    log.info("said on a worker thread", { fields: 1 });
    return workDir;
  },
});

export const endless = definePersistable({
  name: "endless",
  worker: true,
  generate: ({ progress, workDir }) => {
    progress(1, 2, workDir);
    for (;;);
  },
});

export const heeding = definePersistable({
  name: "heeding",
  worker: true,
  generate: ({ progress, signal }) => {
    progress(1);
    return new Promise<string>((_, reject) => {
      signal.addEventListener("abort", () => {
        kept = new Float64Array(7);
        reject(signal.reason);
      });
    });
  },
});

export const exiting = definePersistable({
  name: "exiting",
  worker: true,
  generate: () => process.exit(3),
});

export const throwingLater = definePersistable({
  name: "throwing_later",
  worker: true,
  generate: () =>
    new Promise<string>(() => {
      setTimeout(() => {
        throw new TypeError("nobody catches this");
      });
    }),
});

class DiskFull extends Error {
  readonly code = "E_DISK";
  readonly freeBytes = 12;
  constructor(options: ErrorOptions) {
    super("the disk is full", options);
    this.name = "DiskFull";
  }
}

export const failing = definePersistable({
  name: "failing",
  worker: true,
  generate: (): string => {
    throw new DiskFull({ cause: new RangeError("no blocks") });
  },
});

export class Money {
  readonly cents: number;
  constructor(cents: number) {
    this.cents = cents;
  }
}

const money = defineClass(Money, { encode: ({ cents }) => cents, decode: (cents: number) => new Money(cents) });

export const exact = definePersistable({
  name: "exact",
  worker: true,
  params: typedParams<{ price: Money; at: URL; salt: Buffer; key: Secret; verbose: Untracked<Map<string, Date>> }>(),
  classes: [money],
  format: structured({ classes: [money] }),
  generate: ({ params, untracked }) => ({
    price: new Money(params.price.cents + 1),
    host: params.at.host,
    salt: Buffer.from(params.salt),
    part: new Float64Array([1, 2, 3]).subarray(1),
    keyLength: params.key.reveal().length,
    verbose: params.verbose,
    untracked: untracked.rows,
  }),
});

/** Comes to an end only while another one is at work. */
export const meeting = definePersistable({
  name: "meeting",
  worker: true,
  params: typedParams<{ me: string; other: string; folder: string }>(),
  untracked: ["folder"],
  generate: ({ params }) => {
    writeFileSync(path.join(params.folder, params.me), "");
    while (!existsSync(path.join(params.folder, params.other)));
    return params.me;
  },
});

export class Counted extends Persistable<string, { n: number }, { upstream: ReturnType<typeof upstream> }> {
  static override readonly payloadName = "counted";
  static override readonly declaration = { worker: import.meta.url };
  protected override async generatePayload(): Promise<string> {
    return `${this.params.n} of ${(await this.dependencies.upstream.payload).length}, ${isMainThread}`;
  }
}

const hidden = definePersistable({ name: "hidden", worker: true, generate: () => 1 });

export const makeHidden = (dataDir: string) => hidden({}, { dataDir });

export const calledBack = definePersistable({
  name: "called_back",
  worker: true,
  params: typedParams<{ call: () => void }>(),
  untracked: ["call"],
  generate: () => 1,
});

export const usesHeavy = definePersistable({
  name: "uses_heavy",
  worker: true,
  dependencies: { doubled },
  generate: async ({ dependencies }) => (await dependencies.doubled.payload).values.length,
});

export const tallied = definePersistable({
  name: "tallied",
  params: typedParams<{ folder: string }>(),
  untracked: ["folder"],
  generate: ({ params }) => {
    writeFileSync(path.join(params.folder, `tally-${crypto.randomUUID()}`), "");
    return 1;
  },
});

export const usesTallied = definePersistable({
  name: "uses_tallied",
  worker: true,
  dependencies: { tallied },
  generate: ({ dependencies }) => dependencies.tallied.payload,
});

export const hungry = definePersistable({
  name: "hungry",
  worker: true,
  generate: () => {
    // Small pieces: for a big one that does not fit, V8 of Node 24 ends the whole process.
    let eaten: object = {};
    for (;;) eaten = { eaten };
  },
});

/** Asks for its own payload, on its own thread. */
export const asksItself = definePersistable({
  name: "asks_itself",
  params: typedParams<{ folder: string }>(),
  worker: true,
  generate: ({ params }): Promise<number> => asksItself(params, { dataDir: params.folder }).payload,
});

/** Asks on the main thread for what asks for it on another one. */
export const asksWorker = definePersistable({
  name: "asks_worker",
  params: typedParams<{ folder: string }>(),
  generate: ({ params }): Promise<number> => asksBack(params, { dataDir: params.folder }).payload,
});

export const asksBack = definePersistable({
  name: "asks_back",
  params: typedParams<{ folder: string }>(),
  worker: true,
  generate: ({ params }): Promise<number> => asksWorker(params, { dataDir: params.folder }).payload,
});
