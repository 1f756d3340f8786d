import { writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { directory } from "../../src/entry/formats/directory.ts";
import { file } from "../../src/entry/formats/file.ts";
import { records } from "../../src/entry/formats/records.ts";
import {
  definePersistable,
  type Format,
  json,
  memoryStore,
  npy,
  type PersistableEvent,
} from "../../src/entry/index.ts";
import { collect, plan, type RunEvent, run } from "../../src/entry/pipeline.ts";
import { payloadBytesOf } from "../../src/record/payload-bytes.ts";

const SIZE = 5_000_000;

const cases: readonly (readonly [
  title: string,
  format: unknown,
  generate: (workDir: string) => unknown,
  bytes: number,
])[] = [
  [
    "a folder",
    directory(),
    (workDir) => {
      writeFileSync(path.join(workDir, "big.bin"), new Uint8Array(SIZE));
      writeFileSync(path.join(workDir, "small.bin"), new Uint8Array(7));
      return workDir;
    },
    SIZE + 7,
  ],
  [
    "a file",
    file(),
    (workDir) => {
      writeFileSync(path.join(workDir, "big.bin"), new Uint8Array(SIZE));
      return path.join(workDir, "big.bin");
    },
    SIZE,
  ],
  [
    "a stream",
    records(),
    async function* () {
      yield* [1, 2];
    },
    4,
  ],
  ["an array", npy(), () => new Uint8Array(1000), 1128],
  ["a value inside the record", json(), () => "word", 6],
];

test.each(cases)("%s has one size for all who ask", async (_title, format, generate, bytes) => {
  const dataDir = memoryStore();
  const definition = definePersistable({
    name: "sized",
    format: format as Format,
    generate: ({ workDir }): unknown => generate(workDir),
  });
  const build = () => definition({}, { dataDir });
  const events: (RunEvent | PersistableEvent)[] = [];
  await run([build()], { handleSignals: false, onEvent: (event) => events.push(event) });
  expect(events.find(({ type }) => type === "generated")).toMatchObject({ sizeBytes: bytes });
  expect(await (await plan([build()])).bytesOnHand()).toBe(bytes);
  expect((await collect([build()])).rows[0]?.["artifact.sizeBytes"]).toBe(bytes);
  const record = await build().record();
  expect(record && payloadBytesOf(record.payload)).toBe(bytes);
});
