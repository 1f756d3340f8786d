import { readdirSync } from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import {
  bytes,
  collectOrphans,
  definePersistable,
  type Format,
  fileStore,
  gzip,
  json,
  npy,
  type Persistable,
  PersistableError,
  structured,
  text,
  typedParams,
} from "../../src/entry/index.ts";
import type { AnyFormat } from "../../src/format/format.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

/** A kind of artifact: which format, which payload, and whether it lies inside its record. */
export interface Sample {
  readonly title: string;
  readonly format: AnyFormat;
  readonly payload: (n: number) => unknown;
  readonly inlineBytes?: number;
}

const words = (n: number): string => `${n}: she sells sea shells, “naïve” ☃ \u{1f600}\n`;

/** Small payloads inside their record, in each way of being inside. */
export const inlineSamples: readonly Sample[] = [
  { title: "json, inline", format: json(), payload: (n) => ({ n, words: words(n), list: [1, 2.5, null, true] }) },
  { title: "text, inline", format: text(), payload: words },
  {
    title: "bytes, inline",
    format: bytes(),
    payload: (n) => Uint8Array.from({ length: 40 }, (_, i) => (i * 7 + n) % 256),
  },
  {
    title: "structured, inline",
    format: structured(),
    payload: (n) => ({
      when: new Date(n * 1e9),
      map: new Map([["n", n]]),
      big: 12345678901234567890n,
      f: new Float32Array([n, 0.5]),
    }),
  },
  { title: "gzip(json), inline", format: gzip(json()), payload: (n) => ({ n, list: Array(30).fill(n) }) },
];

/** The same and others in a file of their own. */
export const fileSamples: readonly Sample[] = [
  ...inlineSamples.map((sample) => ({ ...sample, title: sample.title.replace("inline", "file"), inlineBytes: 0 })),
  { title: "npy, file", format: npy(), payload: (n) => Float64Array.from({ length: 30 }, (_, i) => i / 3 + n) },
];

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** One artifact of a sample in a folder of its own, and every way to look at it. */
export interface Rig extends AsyncDisposable {
  readonly folder: TemporaryFolder;
  /** Every call builds another object, so that nothing is held in memory. */
  build(n?: number): Persistable;
  expected(n?: number): unknown;
  /** How often the generator ran. */
  readonly generations: number;
  recordFile(n?: number): string;
  /** `undefined` where the payload is inside the record. */
  payloadFile(n?: number): string | undefined;
  /**
   * The result of `load()`: the code of its error, `right`, or `WRONG` for a value that was never
   * generated under these params.
   */
  load(n?: number): Promise<string>;
  loadOrGenerate(n?: number): Promise<string>;
  /**
   * Whether a fresh `load` gives the payload, the record can be read, and files without a reference
   * can be collected.
   */
  isSound(n?: number): Promise<boolean>;
}

/** A persisted artifact, `n` being 1. */
export async function persistSample(sample: Sample): Promise<Rig> {
  const folder = await temporaryFolder();
  // Power cuts are not the subject here, and waiting for the disk a thousand times is.
  const dataDir = fileStore(folder.path, { durable: false });
  let generations = 0;
  const definition = definePersistable({
    name: "sample",
    params: typedParams<{ n: number }>(),
    format: sample.format as Format,
    inlineBytes: sample.inlineBytes,
    generate: ({ params }): unknown => {
      generations++;
      return sample.payload(params.n);
    },
  });
  const build = (n = 1): Persistable => definition({ n }, { dataDir, logger: silent }) as Persistable;
  const verdict = async (value: Promise<unknown>, n: number): Promise<string> => {
    try {
      return isDeepStrictEqual(await value, sample.payload(n)) ? "right" : "WRONG";
    } catch (error) {
      return error instanceof PersistableError ? error.code : `UNEXPECTED ${String(error)}`;
    }
  };
  const artifactFolder = folder.join("sample");
  const recordFile = (n = 1): string => path.join(artifactFolder, `${build(n).address}.json`);
  const filesOf = (n: number): string[] =>
    readdirSync(artifactFolder).filter((file) => file.startsWith(build(n).address));
  const rig: Rig = {
    folder,
    build,
    expected: (n = 1) => sample.payload(n),
    get generations() {
      return generations;
    },
    recordFile,
    payloadFile: (n = 1) => {
      const file = filesOf(n).find((name) => !name.endsWith(`${build(n).address}.json`));
      return file === undefined ? undefined : path.join(artifactFolder, file);
    },
    load: (n = 1) => verdict(build(n).load(), n),
    loadOrGenerate: (n = 1) => verdict(build(n).loadOrGenerate(), n),
    isSound: async (n = 1) => {
      const record = await build(n).record();
      const isWhole = (await rig.load(n)) === "right" && record?.address === build(n).address;
      // A record that was too damaged to name its payload leaves that behind, for the collection.
      if (filesOf(n).length > 3) return false;
      await collectOrphans(dataDir, "sample", { graceMs: -1000 });
      return isWhole && filesOf(n).length === (record.payload.file === undefined ? 1 : 2);
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
  await build().generate();
  return rig;
}
