import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { byteStream } from "../../src/entry/formats/byte-stream.ts";
import { records } from "../../src/entry/formats/records.ts";
import {
  CorruptArtifactError,
  definePersistable,
  InvalidPayloadError,
  UnsupportedPayloadError,
} from "../../src/entry/index.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

async function collectAll<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

function defineCounted(count: number, onNext: (index: number) => void = () => {}) {
  return definePersistable({
    name: "counted",
    format: records(),
    generate: async function* () {
      for (let index = 0; index < count; index++) {
        onNext(index);
        yield { index, text: `line\n${index} \ud83d` };
      }
    },
  });
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    statSync(join(folder, name)).isFile(),
  );
}

describe("a stream of records", () => {
  it("is generated once, and replayed as a stream as often as one likes", async () => {
    await using folder = await temporaryFolder();
    let generated = 0;
    const counted = defineCounted(1000, () => generated++);
    const expected = Array.from({ length: 1000 }, (_, index) => ({ index, text: `line\n${index} \ud83d` }));
    const first = counted({}, { dataDir: folder.path });
    const stream = await first.payload;
    expect(await collectAll(stream)).toEqual(expected);
    expect(await collectAll(stream)).toEqual(expected);
    expect(await collectAll(await counted({}, { dataDir: folder.path }).load())).toEqual(expected);
    expect(generated).toBe(1000);
    expect((await first.record())?.payload).toMatchObject({
      format: "records",
      file: expect.stringMatching(/\.ndjson$/),
    });
  });

  it("keeps dates, undefined and bytes where it is tagged, which a plain one refuses by their place", async () => {
    await using folder = await temporaryFolder();
    const parts = [
      { type: "start", at: new Date(0), id: undefined },
      { type: "file", bytes: Uint8Array.of(0, 255), count: 2n ** 70n },
      { type: "finish", tokens: Number.NaN, $: "no tag" },
    ];
    const define = (tagged: boolean) =>
      definePersistable({
        name: tagged ? "tagged" : "plain",
        format: records<(typeof parts)[number]>({ tagged }),
        generate: async function* () {
          yield* parts;
        },
      });
    const tagged = define(true)({}, { dataDir: folder.path });
    expect(await collectAll(await tagged.payload)).toStrictEqual(parts);
    expect(await collectAll(await define(true)({}, { dataDir: folder.path }).load())).toStrictEqual(parts);
    expect((await tagged.record())?.payload.format).toBe("records(tagged)");
    await expect(define(false)({}, { dataDir: folder.path }).payload).rejects.toThrow(/payload\[0\]\.at/);
  });

  it("that fails is not published, and leaves nothing behind", async () => {
    await using folder = await temporaryFolder();
    const broken = definePersistable({
      name: "broken",
      format: records(),
      generate: async function* () {
        yield "a".repeat(300_000);
        throw new Error("the model hung up");
      },
    });
    await expect(broken({}, { dataDir: folder.path }).payload).rejects.toThrow("the model hung up");
    expect(filesIn(folder.path).filter((name) => !name.endsWith(".log"))).toEqual([]);
  });

  it("says which record it cannot hold", async () => {
    await using folder = await temporaryFolder();
    const odd = definePersistable({
      name: "odd",
      format: records(),
      generate: async function* () {
        yield { at: 1 };
        yield { at: Number.NaN };
      },
    });
    const failure = odd({}, { dataDir: folder.path }).payload;
    await expect(failure).rejects.toThrow(UnsupportedPayloadError);
    await expect(failure).rejects.toThrow("payload[1].at is NaN");
  });

  it("is validated and summarized as it will be loaded, before it is published", async () => {
    await using folder = await temporaryFolder();
    const judged = definePersistable({
      name: "judged",
      format: records(),
      params: undefined,
      generate: async function* () {
        yield 1;
        yield 2;
      },
      validate: async (stream) => {
        if ((await collectAll(stream)).length < 3) throw new InvalidPayloadError("fewer than three");
      },
    });
    await expect(judged({}, { dataDir: folder.path }).payload).rejects.toThrow("fewer than three");
    expect(filesIn(folder.path).filter((name) => !name.endsWith(".log"))).toEqual([]);
    const summed = definePersistable({
      name: "summed",
      format: records(),
      generate: async function* () {
        yield 1;
        yield 2;
      },
      summarize: async (stream) => ({ count: (await collectAll(stream)).length }),
    });
    const built = summed({}, { dataDir: folder.path });
    await built.payload;
    expect((await built.record())?.summary).toEqual({ count: 2 });
  });

  it("is refused where it is to be taken into memory", async () => {
    await using folder = await temporaryFolder();
    const counted = defineCounted(3);
    await expect(counted({}, { dataDir: folder.path }).generate({ persist: false })).rejects.toThrow(
      UnsupportedPayloadError,
    );
    const array = definePersistable({ name: "array", format: records() as never, generate: () => [1, 2] });
    await expect(array({}, { dataDir: folder.path }).payload).rejects.toThrow("is not a stream");
  });

  it.each([
    ["cut short", (file: string) => truncateSync(file, 100)],
    ["altered", (file: string) => writeFileSync(file, readFileSync(file, "utf8").replace('"index":7', '"index":8'))],
  ])("that was %s is generated anew by whoever asks after the damage was seen", async (_how, damage) => {
    await using folder = await temporaryFolder();
    const counted = defineCounted(50);
    await counted({}, { dataDir: folder.path }).payload;
    const [name = ""] = filesIn(folder.path).filter((file) => file.endsWith(".ndjson"));
    damage(join(folder.path, name));
    const again = counted({}, { dataDir: folder.path });
    const seen = (async () => collectAll(await again.loadOrGenerate()))();
    // Bytes of the right number are believed until they are read.
    await seen.catch((error: unknown) => expect(error).toBeInstanceOf(CorruptArtifactError));
    expect(await collectAll(await again.loadOrGenerate())).toHaveLength(50);
  });
});

describe("a stream of bytes", () => {
  it("of several chunks is verified chunk by chunk, and shows damage before its bytes", async () => {
    await using folder = await temporaryFolder();
    const piece = new Uint8Array(1024 * 1024);
    const dump = definePersistable({
      name: "dump",
      format: byteStream(),
      generate: async function* () {
        for (let index = 0; index < 20; index++) {
          piece.fill(index);
          yield piece.slice();
        }
      },
    });
    const built = dump({}, { dataDir: folder.path });
    let sizeBytes = 0;
    for await (const part of await built.payload) {
      expect(part[0]).toBe(Math.floor(sizeBytes / piece.length));
      sizeBytes += part.length;
    }
    expect(sizeBytes).toBe(20 * piece.length);
    const record = await built.record();
    expect(record?.payload.chunks?.length).toBe(3 * 32);
    const path = join(folder.path, "dump", record?.payload.file ?? "");
    const bytes = readFileSync(path);
    bytes[9 * 1024 * 1024] = 255;
    writeFileSync(path, bytes);
    const parts: number[] = [];
    await expect(
      (async () => {
        for await (const part of await dump({}, { dataDir: folder.path }).payload) parts.push(part.length);
      })(),
    ).rejects.toThrow(CorruptArtifactError);
    expect(parts.reduce((sum, length) => sum + length, 0)).toBe(8 * 1024 * 1024);
    expect((await dump({}, { dataDir: folder.path }).explain()).state).toBe("miss");
  });

  it("refuses text, which it would not give back", async () => {
    await using folder = await temporaryFolder();
    const texts = definePersistable({
      name: "texts",
      format: byteStream() as never,
      generate: async function* () {
        yield "text";
      },
    });
    await expect(texts({}, { dataDir: folder.path }).payload).rejects.toThrow("payload[0] is text");
  });
});
