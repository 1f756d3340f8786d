import { mkdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { byteStream } from "../../src/entry/formats/byte-stream.ts";
import { directory } from "../../src/entry/formats/directory.ts";
import { file } from "../../src/entry/formats/file.ts";
import { records } from "../../src/entry/formats/records.ts";
import { json, npy } from "../../src/format/built-in/built-in-formats.ts";
import { definePersistable } from "../../src/persistable/define-persistable.ts";
import type { Store, StorePath } from "../../src/store/store.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** The call by which a payload is asked for. */
export type HowAsked = "load" | "loadOrGenerate" | "generate";

/** A kind of payload that says who made it, so that a test can see whose it reads. */
export interface PayloadKind {
  readonly name: string;
  /** @returns the number of the maker, after every byte was read. */
  ask(store: Store, maker: number, how: HowAsked): Promise<number>;
  /** The persistable of this kind in a store. */
  at(store: Store, maker?: number): Asked;
}

/** The persistable behind a kind. */
export interface Asked {
  readonly address: string;
  isPersisted(): Promise<boolean>;
  explain(): Promise<{ readonly state: string }>;
  record(): Promise<unknown>;
  remove(): Promise<boolean>;
}

const FILLER = "x".repeat(200);

function kind<Payload>(
  name: string,
  define: (maker: number) => (params: object, options: object) => unknown,
  read: (payload: Payload) => Promise<number> | number,
): PayloadKind {
  const build = (store: Store, maker: number) =>
    define(maker)({}, { dataDir: store, logger: silent }) as Asked & Record<HowAsked, () => Promise<Payload>>;
  return {
    name,
    ask: async (store, maker, how) => read(await build(store, maker)[how]()),
    at: (store, maker = 0) => build(store, maker),
  };
}

export const inlineKind = kind<{ maker: number }>(
  "inline",
  (maker) => definePersistable({ name: "inline", format: json(), generate: () => ({ maker, FILLER }) }) as never,
  ({ maker }) => maker,
);

export const payloadKinds: readonly PayloadKind[] = [
  inlineKind,
  kind<Float64Array>(
    "npy",
    (maker) =>
      definePersistable({ name: "npy", format: npy(), generate: () => new Float64Array(1000).fill(maker) }) as never,
    (payload) => payload[999] as number,
  ),
  kind<string>(
    "file",
    (maker) =>
      definePersistable({
        name: "file",
        format: file({ extension: ".txt" }),
        generate: ({ workDir }) => {
          writeFileSync(join(workDir, "a.txt"), `${maker} ${FILLER}`);
          return join(workDir, "a.txt");
        },
      }) as never,
    async (path) => Number((await readFile(String(path), "utf8")).split(" ")[0]),
  ),
  kind<string>(
    "folder",
    (maker) =>
      definePersistable({
        name: "folder",
        format: directory(),
        generate: ({ workDir }) => {
          mkdirSync(join(workDir, "deep"));
          writeFileSync(join(workDir, "a.txt"), `${maker} ${FILLER}`);
          writeFileSync(join(workDir, "deep", "b.txt"), `${maker} ${FILLER}`);
          return workDir;
        },
      }) as never,
    async (folder) => {
      const text = await Promise.all(
        ["a.txt", "deep/b.txt"].map((part) => readFile(join(String(folder), part), "utf8")),
      );
      const [maker = "", ...others] = text.map((each) => each.split(" ")[0]);
      if (others.some((other) => other !== maker)) throw new Error(`the files are of several makers: ${text}`);
      return Number(maker);
    },
  ),
  kind<AsyncIterable<{ maker: number }>>(
    "records",
    (maker) =>
      definePersistable({
        name: "records",
        format: records(),
        generate: async function* () {
          for (let row = 0; row < 50; row++) yield { maker, row };
        },
      }) as never,
    async (rows) => {
      let last = -1;
      for await (const row of rows) last = row.maker;
      return last;
    },
  ),
  kind<AsyncIterable<Uint8Array>>(
    "bytes",
    (maker) =>
      definePersistable({
        name: "bytes",
        format: byteStream(),
        generate: async function* () {
          for (let piece = 0; piece < 5; piece++) yield new Uint8Array(2000).fill(maker);
        },
      }) as never,
    async (pieces) => {
      let last = -1;
      for await (const piece of pieces) last = piece[piece.length - 1] ?? last;
      return last;
    },
  ),
];

/**
 * Damage every object of a store that a predicate picks, each by one bit, or by half its length, or
 * altogether.
 */
export async function damageIn(
  store: Store,
  how: "flip" | "cut" | "remove",
  isPicked: (path: string) => boolean,
): Promise<number> {
  const paths: StorePath[] = [];
  for await (const { path } of store.list(""))
    if (!path.startsWith(".persistable/") && isPicked(path)) paths.push(path);
  for (const path of paths) {
    const bytes = await store.read(path);
    if (bytes === undefined) continue;
    if (how === "remove") await store.remove(path);
    else if (how === "cut") await store.replace(path, [bytes.subarray(0, bytes.length >> 1)]);
    else await store.replace(path, [bytes.with(bytes.length >> 1, (bytes[bytes.length >> 1] as number) ^ 1)]);
  }
  return paths.length;
}

export const isRecordPath = (path: string): boolean => /\/[0-9a-f]{64}\.json$/.test(path);
export const isPayloadPath = (path: string): boolean => !isRecordPath(path);
