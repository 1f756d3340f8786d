import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { byteStream } from "../../src/entry/formats/byte-stream.ts";
import { directory } from "../../src/entry/formats/directory.ts";
import { file } from "../../src/entry/formats/file.ts";
import { records } from "../../src/entry/formats/records.ts";
import {
  definePersistable,
  type Format,
  fileStore,
  json,
  memoryStore,
  npy,
  type Store,
  structured,
} from "../../src/entry/index.ts";
import { layeredStore } from "../../src/entry/stores/layered.ts";
import type { StoreOperation } from "../../src/errors/store-errors.ts";
import { chosenCases } from "../support/chosen-cases.ts";
import { brokenArtifacts, type FaultyStore, faultyStore } from "../support/faulty-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * A kind of format: its generator returns another payload each time that it runs, and `read` tells
 * what a payload holds.
 */
interface Kind {
  readonly format: Format<never>;
  generate(round: number, workDir: () => string): unknown;
  read(payload: never): unknown;
  expected(round: number): unknown;
}

const BIG = 50_000;

async function concat(stream: AsyncIterable<Uint8Array>): Promise<number[]> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece);
  const all = Buffer.concat(pieces);
  return [all.length, all[0] ?? -1, all.at(-1) ?? -1];
}

const kinds: Readonly<Record<string, Kind>> = {
  "json, inside of its record": {
    format: json() as unknown as Format<never>,
    generate: (round) => ({ round }),
    read: (payload) => payload,
    expected: (round) => ({ round }),
  },
  "structured, a file": {
    format: structured() as unknown as Format<never>,
    generate: (round) => new Map([[round, new Uint8Array(BIG).fill(round)]]),
    read: (payload: never) =>
      [...(payload as Map<number, Uint8Array>)].map(([key, bytes]) => [key, bytes.length, bytes[7]]),
    expected: (round) => [[round, BIG, round]],
  },
  npy: {
    format: npy() as unknown as Format<never>,
    generate: (round) => new Float64Array(1000).fill(round),
    read: (payload: never) => [(payload as Float64Array).length, (payload as Float64Array)[999]],
    expected: (round) => [1000, round],
  },
  "records, a stream": {
    format: records() as unknown as Format<never>,
    generate: (round) => itemsOf(round),
    read: async (payload: never) => {
      const rounds = new Set<number>();
      let count = 0;
      for await (const item of payload as AsyncIterable<{ round: number }>) {
        rounds.add(item.round);
        count += 1;
      }
      return [count, ...rounds];
    },
    expected: (round) => [50, round],
  },
  "bytes, a stream that is kept in a file": {
    format: byteStream() as unknown as Format<never>,
    generate: (round) => piecesOf(round),
    read: (payload: never) => concat(payload as AsyncIterable<Uint8Array>),
    expected: (round) => [1_200_000, round, round],
  },
  "a file": {
    format: file() as unknown as Format<never>,
    generate: (round, workDir) => {
      const path = join(workDir(), "film.bin");
      writeFileSync(path, `film ${round}`);
      return path;
    },
    read: (payload: never) => readFileSync(payload, "utf8"),
    expected: (round) => `film ${round}`,
  },
  "a folder": {
    format: directory() as unknown as Format<never>,
    generate: (round, workDir) => {
      for (const name of ["a", "b", "c"]) writeFileSync(join(workDir(), `${name}.txt`), `${name} ${round}`);
      return workDir();
    },
    read: (payload: never) => readdirSync(payload).map((name) => readFileSync(join(payload, name), "utf8")),
    expected: (round) => [`a ${round}`, `b ${round}`, `c ${round}`],
  },
};

async function* itemsOf(round: number): AsyncGenerator<{ round: number; index: number }> {
  for (let index = 0; index < 50; index++) yield { round, index };
}

async function* piecesOf(round: number): AsyncGenerator<Uint8Array> {
  const piece = new Uint8Array(300_000);
  // The same memory again and again, as a reader of files does.
  for (let i = 0; i < 4; i++) yield piece.fill(i === 0 || i === 3 ? round : 100 + i);
}

/** Stores of each kind in which one call may fail, and whatever lies in them. */
const places: Readonly<
  Record<string, (folder: string) => { readonly dataDir: Store; readonly faulty: FaultyStore; readonly inner: Store }>
> = {
  memory: () => {
    const inner = memoryStore();
    const faulty = faultyStore(inner);
    return { dataDir: faulty, faulty, inner };
  },
  folder: (folder) => {
    const inner = fileStore(folder, { durable: false });
    const faulty = faultyStore(inner);
    return { dataDir: faulty, faulty, inner };
  },
  "layered, the local one failing": (folder) => {
    const inner = fileStore(folder, { durable: false });
    const faulty = faultyStore(inner);
    return { dataDir: layeredStore({ local: faulty, remote: memoryStore() }), faulty, inner };
  },
};

const isFull = process.env.PERSISTABLE_TEST_FAULTS !== undefined;

/** Each call of each of them fails once, before or after it has done its work. */
const operations: readonly StoreOperation[] = ["read", "stat", "write", "create", "replace", "move", "remove", "list"];

function build(kind: Kind, dataDir: Store, onGenerate: () => number) {
  const definition = definePersistable({
    name: "made",
    format: kind.format as Format<unknown>,
    generate: (context: {
      readonly workDir: string;
      cost(spent: Record<string, number>): void;
      readonly seed: number;
    }) => {
      const round = onGenerate();
      context.cost({ usd: 2 });
      void context.seed;
      return kind.generate(round, () => context.workDir);
    },
  });
  return definition({}, { dataDir, logger: silent });
}

const cases = Object.entries(kinds).flatMap(([kindName, kind]) =>
  Object.entries(places).map(([place, open]) => ({ kindName, kind, place, open })),
);

describe.each(chosenCases(cases, 4))("$kindName", ({ kind, place, open }) => {
  describe(`in a store: ${place}`, () => {
    test("any call that publishing makes fails once: the payload is published the next time, and not generated again", async () => {
      const failed = new Set<StoreOperation>();
      let offset = 0;
      for (const [operation, how] of operations.flatMap((each) => [[each, true] as const, [each, "late"] as const])) {
        // By default every third call fails, and others of each operation.
        for (let nth = 1 + (isFull ? 0 : offset++ % 3); nth < 200; nth += isFull ? 1 : 3) {
          await using folder = await temporaryFolder();
          const { dataDir, faulty, inner } = open(folder.path);
          let rounds = 0;
          let calls = 0;
          let hasFailed = false;
          const made = build(kind, dataDir, () => {
            rounds += 1;
            return rounds;
          });
          // What happens before generating fails before anything is paid for.
          faulty.fails = (called) => {
            if (rounds === 0 || called !== operation) return false;
            calls += 1;
            if (calls !== nth || hasFailed) return false;
            hasFailed = true;
            failed.add(operation);
            return how;
          };
          const first = await (made.payload as Promise<never>).then(
            (payload) => ({ payload }),
            (error: unknown) => ({ error: error as { readonly payload?: unknown; readonly message: string } }),
          );
          faulty.fails = () => false;
          if ("error" in first && /generated, but could not be persisted/.test(first.error.message))
            expect(await kind.read(first.error.payload as never)).toEqual(kind.expected(1));
          const again = (await made.payload) as never;
          expect(await kind.read(again)).toEqual(kind.expected(1));
          expect(rounds).toBe(1);
          expect(await brokenArtifacts(inner)).toEqual([]);
          const loaded = (await build(kind, dataDir, () => 99).load()) as never;
          expect(await kind.read(loaded)).toEqual(kind.expected(1));
          const record = await made.record();
          expect(record?.provenance).toMatchObject({ cost: { usd: 2 }, seed: expect.any(Number) });
          if (!hasFailed) break;
        }
      }
      expect([...failed]).toContain("create");
    });
  });
});

test("temporary files of streams and folders are gone when they are published", async () => {
  const { readdirSync: list } = await import("node:fs");
  const { tmpdir } = await import("node:os");
  const ours = (): string[] => list(tmpdir()).filter((name) => name.startsWith("persistable-work-"));
  await using folder = await temporaryFolder();
  for (const kind of Object.values(kinds)) {
    const faulty = faultyStore(fileStore(folder.join(crypto.randomUUID()), { durable: false }));
    let rounds = 0;
    const made = build(kind, faulty, () => ++rounds);
    const before = ours();
    faulty.fails = (operation) => rounds > 0 && (operation === "write" || operation === "create");
    await expect(made.payload).rejects.toThrow("generated, but could not be persisted");
    faulty.fails = () => false;
    await made.payload;
    expect(ours().filter((name) => !before.includes(name) && existsSync(join(tmpdir(), name, "stream")))).toEqual([]);
    expect(rounds).toBe(1);
  }
});
