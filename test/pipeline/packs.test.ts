import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import {
  collectOrphans,
  fileStore,
  json,
  memoryStore,
  NewerPackError,
  type Store,
  type StorePath,
} from "../../src/entry/index.ts";
import { persistableMap } from "../../src/entry/pipeline.ts";
import { layeredStore } from "../../src/entry/stores/layered.ts";
import { withBadRead } from "../support/bad-reads.ts";
import { triesAllCases } from "../support/chosen-cases.ts";
import { digestsIn } from "../support/faulty-store.ts";
import { override } from "../support/override-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** The steps from one damaged bit to the next, in the frame of a pack and behind it. */
const STEPS = process.env.PERSISTABLE_TEST_DAMAGES === undefined ? ([11, 211] as const) : ([1, 23] as const);
const LEVELS = triesAllCases ? 500_000 : 50_000;
const WORDS = ["a", "bb", "ccc", "dddd", "eeeee", "ffffff"];
const FRAME_BYTES = 76;
const release = JSON.parse(readFileSync(new URL("last-release-pack.json", import.meta.url), "utf8")) as {
  readonly path: string;
  readonly base64: string;
};

function createWorld(batchSize = 6) {
  const generated: string[] = [];
  const lengths = persistableMap({
    name: "lengths",
    item: (text: string) => text,
    format: json(),
    batchSize,
    generateBatch: ({ items }) => {
      generated.push(...items);
      return items.map((text) => ({ text, length: text.length }));
    },
  });
  return { generated, build: (dataDir: Store | string) => lengths({}, { dataDir }) };
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const listed: Item[] = [];
  for await (const item of items) listed.push(item);
  return listed;
}

const payloadsOf = (words: readonly string[]) => words.map((text) => ({ text, length: text.length }));

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}

const packsIn = (folder: string): string[] =>
  filesIn(folder)
    .filter((name) => name.endsWith(".pack") && !name.startsWith(".persistable"))
    .map((name) => path.join(folder, name));

/** A pack as its parts: both copies of frame and header, and the payloads. */
interface Parts {
  readonly frame: Buffer;
  readonly json: Buffer;
  readonly body: Buffer;
}

function partsOf(pack: Buffer): Parts {
  const length = pack.readUInt32LE(8);
  const end = pack.length - FRAME_BYTES - length;
  return {
    frame: pack.subarray(0, FRAME_BYTES),
    json: pack.subarray(FRAME_BYTES, FRAME_BYTES + length),
    body: pack.subarray(FRAME_BYTES + length, end),
  };
}

function frameOf(json: Buffer, magic = "PSPACK1\n"): Buffer {
  const frame = Buffer.alloc(FRAME_BYTES);
  frame.write(magic, "latin1");
  frame.writeUInt32LE(json.length, 8);
  frame.write(createHash("sha256").update(json).digest("hex"), 12, "latin1");
  return frame;
}

/** A pack with another header, everything else being right. */
function forged(pack: Buffer, change: (json: string) => string, magic?: string): Buffer {
  const { json, body } = partsOf(pack);
  const changed = Buffer.from(change(json.toString()));
  const frame = frameOf(changed, magic);
  return Buffer.concat([frame, changed, body, changed, frame]);
}

/** A pack as the last release wrote it, without the second copy. */
function withoutCopy(pack: Buffer): Buffer {
  const { frame, json, body } = partsOf(pack);
  return Buffer.concat([frame, json, body]);
}

function flipped(bytes: Buffer, bit: number): Buffer {
  const damaged = Buffer.from(bytes);
  damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return damaged;
}

async function onlyPack(store: Store): Promise<{ readonly path: StorePath; readonly whole: Buffer }> {
  const [pack, ...others] = await all(store.list("lengths/"));
  expect(others).toEqual([]);
  if (pack === undefined) throw new Error("there is no pack");
  return { path: pack.path, whole: Buffer.from((await store.read(pack.path)) ?? "") };
}

/** Every way to ask a map. */
function waysOf(build: () => ReturnType<ReturnType<typeof createWorld>["build"]>) {
  return {
    missing: () => build().missing(WORDS),
    load: () => build().load(WORDS),
    "load of one": () => build().load(["a"]),
    "load of a new one": () => build().load(["a new one"]),
    stream: () => all(build().stream(WORDS)),
    compact: () => build().compact(),
  };
}

describe("a pack of a newer release", () => {
  test.each<[string, (pack: Buffer) => Buffer]>([
    ["another beginning", (pack) => Buffer.concat([Buffer.from("PSPACK2\n"), pack.subarray(8)])],
    [
      "another beginning, and no second copy",
      (pack) => Buffer.concat([Buffer.from("PSPACK2\n"), withoutCopy(pack).subarray(8)]),
    ],
    ["another beginning and end", (pack) => forged(pack, (json) => json, "PSPACK4\n")],
    [
      "another beginning, and another header",
      (pack) => Buffer.concat([Buffer.from("PSPACK3\n"), Buffer.alloc(500, 7), pack]),
    ],
    ["a beginning of two digits", (pack) => forged(pack, (json) => json, "PSPACK12")],
    ["only its beginning", () => Buffer.from("PSPACK2\n")],
    ["the number 2 and the same fields", (pack) => forged(pack, (json) => json.replace('"pack":1', '"pack":2'))],
    ["the number 3 and the same fields", (pack) => forged(pack, (json) => json.replace('"pack":1', '"pack":3'))],
    [
      "the number 2 and other fields",
      (pack) => forged(pack, (json) => json.replace('"pack":1', '"pack":2').replace('"items"', '"entries"')),
    ],
    [
      "the number 2 and another checksum",
      (pack) => {
        const changed = forged(pack, (json) => json.replace('"pack":1', '"pack":2').replace('"params"', '"tree"'));
        return Buffer.concat([changed.subarray(0, 12), Buffer.alloc(64, "0"), changed.subarray(FRAME_BYTES)]);
      },
    ],
  ])("with %s is refused in every way, and left where it is", async (_what, make) => {
    await using folder = await temporaryFolder();
    const { generated, build } = createWorld();
    await build(folder.path).load(WORDS);
    const [pack = ""] = packsIn(folder.path);
    const newer = make(readFileSync(pack));
    writeFileSync(pack, newer);
    const files = filesIn(folder.path);
    for (const [way, ask] of Object.entries(waysOf(() => build(folder.path)))) {
      const error = await ask().catch((caught: unknown) => caught);
      expect([way, error]).toEqual([way, expect.any(NewerPackError)]);
      expect(path.join(folder.path, (error as NewerPackError).file)).toBe(pack);
    }
    expect(await collectOrphans(fileStore(folder.path), "lengths", { graceMs: -1000 })).toEqual({
      files: [],
      sizeBytes: 0,
    });
    expect(filesIn(folder.path)).toEqual(files);
    expect(readFileSync(pack)).toEqual(newer);
    expect(generated).toEqual(WORDS);
  });

  test("beside others of this release is refused as well, by a map that knows those already", async () => {
    const dataDir = memoryStore();
    const { generated, build } = createWorld();
    const map = build(dataDir);
    await map.load(WORDS);
    const [known] = await all(dataDir.list("lengths/"));
    const newer = known?.path.replace(/[0-9a-f]+-[0-9a-f]+\.pack$/, "fffffffffff0-000000000000.pack");
    await dataDir.createIfAbsent(newer as never, [Buffer.from("PSPACK2\nsomething else")]);
    for (const [way, ask] of Object.entries(waysOf(() => map)))
      expect([way, await ask().catch((caught: unknown) => caught)]).toEqual([way, expect.any(NewerPackError)]);
    expect(generated).toEqual(WORDS);
    await dataDir.remove(newer as never);
    expect(await map.load(WORDS)).toEqual(payloadsOf(WORDS));
  });
});

describe("a pack whose header is damaged", () => {
  test.each([0, 1])("in any bit of copy %i still gives all of its items, and stays where it is", async (copy) => {
    const dataDir = memoryStore();
    const { generated, build } = createWorld();
    await build(dataDir).load(WORDS);
    const { path: pack, whole } = await onlyPack(dataDir);
    const { json, body } = partsOf(whole);
    const size = FRAME_BYTES + json.length;
    const start = copy * (size + body.length);
    for (let at = 0; at < size * 8; at += at < 12 * 8 ? STEPS[0] : STEPS[1]) {
      const bit = start * 8 + at;
      const damaged = flipped(whole, bit);
      await dataDir.replace(pack, [damaged]);
      expect([bit, await build(dataDir).load(WORDS)]).toEqual([bit, payloadsOf(WORDS)]);
      expect((await onlyPack(dataDir)).whole).toEqual(damaged);
    }
    expect(await build(dataDir).missing(WORDS)).toEqual([]);
    for (const sector of [1, 64, 512, size]) {
      await dataDir.replace(pack, [Buffer.concat([Buffer.alloc(sector), whole.subarray(sector)])]);
      expect([sector, await build(dataDir).load(WORDS)]).toEqual([sector, payloadsOf(WORDS)]);
    }
    expect(generated).toEqual(WORDS);
    // It is written again as it was when packs are put together.
    await dataDir.replace(pack, [flipped(whole, 1000)]);
    expect(await build(dataDir).compact()).toEqual({ before: 1, after: 1 });
    expect(await build(dataDir).load(WORDS)).toEqual(payloadsOf(WORDS));
    expect(generated).toEqual(WORDS);
  });

  test("and has no second copy gives the items whose places are not concerned", async () => {
    const dataDir = memoryStore();
    const { generated, build } = createWorld();
    await build(dataDir).load(WORDS);
    const { path: pack, whole: written } = await onlyPack(dataDir);
    const whole = withoutCopy(written);
    const { json } = partsOf(written);
    const items = json.indexOf('"items"') + FRAME_BYTES;
    const lostWith = async (damaged: Buffer): Promise<number> => {
      await dataDir.replace(pack, [damaged]);
      generated.length = 0;
      expect(await build(dataDir).load(WORDS)).toEqual(payloadsOf(WORDS));
      for (const { path: other } of await all(dataDir.list("lengths/")))
        if (other !== pack) await dataDir.remove(other);
      return generated.length;
    };
    for (let bit = 0; bit < (FRAME_BYTES + json.length) * 8; bit += bit < 12 * 8 ? STEPS[0] : STEPS[1]) {
      // The format stands before the items, and all of them need it.
      const most = bit >> 3 >= FRAME_BYTES && bit >> 3 < items ? 6 : 1;
      expect([bit, await lostWith(flipped(whole, bit))]).toEqual([bit, expect.toSatisfy((lost) => lost <= most)]);
    }
    const zeroed = Buffer.concat([whole.subarray(0, items + 30), Buffer.alloc(200), whole.subarray(items + 230)]);
    expect(await lostWith(zeroed)).toBe(2);
  });

  test("beyond all use is set aside when something is generated in its place, and not by who only asks", async () => {
    await using folder = await temporaryFolder();
    const { generated, build } = createWorld();
    await build(folder.path).load(WORDS);
    const [pack = ""] = packsIn(folder.path);
    writeFileSync(pack, Buffer.alloc(5000, "x"));
    const files = filesIn(folder.path);
    expect(await build(folder.path).missing(WORDS)).toEqual(WORDS);
    expect(filesIn(folder.path)).toEqual(files);
    expect(await build(folder.path).load(WORDS)).toEqual(payloadsOf(WORDS));
    expect(generated).toEqual([...WORDS, ...WORDS]);
    expect(
      filesIn(folder.path).filter((name) => name.startsWith(path.join(".persistable", "quarantine"))),
    ).toHaveLength(1);
    expect(packsIn(folder.path)).not.toContain(pack);
    expect(await build(folder.path).load(WORDS)).toEqual(payloadsOf(WORDS));
    expect(generated).toHaveLength(12);
  });
});

/** Texts with a right checksum that are not headers. */
const headers: readonly (readonly [what: string, change: (json: string) => string])[] = [
  ["no items", (json) => json.replace('"items"', '"others"')],
  ["items that are null", (json) => json.replace(/"items":\[.*\]/, '"items":null')],
  ["items that are text", (json) => json.replace(/"items":\[.*\]/, '"items":"[]"')],
  ["items that are an object", (json) => json.replace(/"items":\[.*\]/, '"items":{"length":1,"0":null}')],
  ["one item, null", (json) => json.replace(/"items":\[.*\]/, '"items":[null]')],
  ["items of all types", (json) => json.replace(/"items":\[.*\]/, '"items":[1,"x",[],{},true,{"address":{}}]')],
  ["null", () => "null\n"],
  ["a number", () => "7\n"],
  ["a list", () => "[]\n"],
  ["no JSON", () => "{\n"],
  ["nothing", () => ""],
  ["bytes that are no text", () => "\u{fffd}\0\u{1}"],
  ["very many levels", () => `{"pack":1,"items":${"[".repeat(LEVELS)}${"]".repeat(LEVELS)}}\n`],
  ["negative offsets", (json) => json.replaceAll(/"offset":\d+/g, '"offset":-1')],
  ["negative lengths", (json) => json.replaceAll(/"length":\d+/g, '"length":-5')],
  ["huge offsets", (json) => json.replaceAll(/"offset":\d+/g, '"offset":9007199254740991')],
  ["huge lengths", (json) => json.replaceAll(/"length":\d+/g, '"length":1e308')],
  ["broken lengths", (json) => json.replaceAll(/"length":\d+/g, '"length":1.5')],
  ["text for lengths", (json) => json.replaceAll(/"length":(\d+)/g, '"length":"$1"')],
  ["overlapping items", (json) => json.replaceAll(/"offset":\d+/g, '"offset":0')],
  ["no addresses", (json) => json.replaceAll('"address"', '"addresses"')],
  ["addresses that are no hashes", (json) => json.replaceAll(/"address":"[0-9a-f]{64}"/g, '"address":"__proto__"')],
  ["other sha256s", (json) => json.replaceAll(/"sha256":"[0-9a-f]{8}/g, '"sha256":"00000000')],
  ["no format", (json) => json.replace('"format"', '"formats"')],
  ["a format that is a number", (json) => json.replace('"format":"json"', '"format":5')],
  ["no version", (json) => json.replace('"pack":1,', "")],
  ["version 0", (json) => json.replace('"pack":1,', '"pack":0,')],
  ["a version that is text", (json) => json.replace('"pack":1,', '"pack":"2",')],
];

describe.each(headers)("a pack whose header has a right checksum and %s", (what, change) => {
  test.each(["in both copies", "in its only copy"])(
    "%s is a damaged one, and other packs of the map work",
    async (where) => {
      await using folder = await temporaryFolder();
      const { generated, build } = createWorld(3);
      await build(folder.path).load(WORDS);
      const [first = "", other = ""] = packsIn(folder.path);
      const whole = forged(readFileSync(first), change);
      writeFileSync(first, where === "in both copies" ? whole : withoutCopy(whole));
      generated.length = 0;
      expect(await build(folder.path).load(WORDS.slice(3))).toEqual(payloadsOf(WORDS.slice(3)));
      expect(generated).toEqual([]);
      const missing = await build(folder.path).missing(WORDS);
      expect(WORDS.slice(0, 3)).toEqual(expect.arrayContaining(missing));
      expect(await build(folder.path).load(WORDS)).toEqual(payloadsOf(WORDS));
      expect(generated.length).toBeLessThanOrEqual(3);
      await build(folder.path).compact();
      generated.length = 0;
      expect(await build(folder.path).load(WORDS)).toEqual(payloadsOf(WORDS));
      expect(await build(folder.path).missing(WORDS)).toEqual([]);
      expect(generated).toEqual([]);
      expect(packsIn(folder.path)).not.toContain(other);
    },
  );

  test("in its first copy alone is read by the second one", async () => {
    await using folder = await temporaryFolder();
    const { generated, build } = createWorld();
    await build(folder.path).load(WORDS);
    const [pack = ""] = packsIn(folder.path);
    const whole = readFileSync(pack);
    const { json } = partsOf(whole);
    // The new header has the same length, so that the payloads stay where they are.
    const changed = Buffer.from(change(json.toString()));
    const padded = Buffer.concat([
      changed.subarray(0, json.length),
      Buffer.alloc(Math.max(0, json.length - changed.length), " "),
    ]);
    writeFileSync(pack, Buffer.concat([frameOf(padded), padded, whole.subarray(FRAME_BYTES + json.length)]));
    expect(await build(folder.path).load(WORDS)).toEqual(payloadsOf(WORDS));
    // A header that is well-formed is believed: its sha256s then belong to nothing in the file.
    expect(generated).toEqual(what === "other sha256s" ? [...WORDS, ...WORDS] : WORDS);
  });
});

describe("a damaged payload in a pack", () => {
  test("costs its item alone, and its pack is set aside, not removed, when packs are put together", async () => {
    await using folder = await temporaryFolder();
    const { generated, build } = createWorld(3);
    await build(folder.path).load(WORDS);
    const [first = "", second = ""] = packsIn(folder.path);
    const whole = readFileSync(first);
    const at = whole.indexOf('"text":"bb"');
    const damaged = flipped(whole, at * 8 + 70);
    writeFileSync(first, damaged);
    expect(await build(folder.path).compact()).toEqual({ before: 2, after: 1 });
    const [aside = ""] = filesIn(folder.path).filter((name) =>
      name.startsWith(path.join(".persistable", "quarantine")),
    );
    expect(readFileSync(folder.join(aside))).toEqual(damaged);
    expect(packsIn(folder.path)).not.toContain(second);
    generated.length = 0;
    expect(await build(folder.path).load(WORDS)).toEqual(payloadsOf(WORDS));
    expect(generated).toEqual(["bb"]);
  });

  test("that verifies and cannot be decoded costs its item alone", async () => {
    await using folder = await temporaryFolder();
    const { generated, build } = createWorld();
    await build(folder.path).load(WORDS);
    const [pack = ""] = packsIn(folder.path);
    const whole = readFileSync(pack);
    const { body } = partsOf(whole);
    const payload = Buffer.from('{"text":"ccc","length":3}');
    const other = Buffer.from('{"text":"ccc","length":3!');
    const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
    const changed = forged(whole, (json) => json.replace(sha256(payload), sha256(other)));
    changed.set(other, changed.indexOf(payload));
    expect(body.indexOf(payload)).toBeGreaterThan(0);
    writeFileSync(pack, changed);
    generated.length = 0;
    expect(await build(folder.path).load(WORDS)).toEqual(payloadsOf(WORDS));
    expect(generated).toEqual(["ccc"]);
  });

  test("or a cut costs only what is behind the cut", async () => {
    await using folder = await temporaryFolder();
    const { generated, build } = createWorld();
    await build(folder.path).load(WORDS);
    const [pack = ""] = packsIn(folder.path);
    const whole = readFileSync(pack);
    for (const [i, word] of WORDS.entries()) {
      writeFileSync(pack, whole.subarray(0, whole.indexOf(`"text":"${word}"`)));
      generated.length = 0;
      expect(await build(folder.path).load(WORDS)).toEqual(payloadsOf(WORDS));
      expect(generated).toEqual(WORDS.slice(i));
      for (const other of packsIn(folder.path)) if (other !== pack) writeFileSync(other, "");
    }
  });
});

const places: readonly (readonly [title: string, make: (inner: Store, remote: Store) => Store])[] = [
  ["a store", (inner) => inner],
  ["two layers, the local one full", (inner, remote) => layeredStore({ local: inner, remote })],
  ["two layers, the remote one full", (inner, remote) => layeredStore({ local: remote, remote: inner })],
];

describe.each(places)("one bad read of %s", (_title, make) => {
  test.each(["load", "missing", "compact", "stream"] as const)("is no verdict for %s", async (way) => {
    for (let read = 0, isThere = true; isThere; read++) {
      for (const where of [0, 0.03, 0.3, 0.5, 0.77, 1]) {
        const inner = memoryStore();
        const { generated, build } = createWorld(3);
        await build(inner).load(WORDS);
        const stored = await digestsIn(inner);
        const bad = withBadRead(inner, read, where);
        const map = build(make(bad.store, memoryStore()));
        const given = await (way === "stream" ? all(map.stream(WORDS)) : map[way](WORDS as never));
        const expected = { missing: [], compact: { before: 2, after: 1 } };
        expect([read, where, given]).toEqual([
          read,
          where,
          way in expected ? expected[way as never] : payloadsOf(WORDS),
        ]);
        if (way !== "compact") expect(await digestsIn(inner)).toEqual(stored);
        expect(await all(inner.list(".persistable/quarantine/"))).toEqual([]);
        expect(await build(inner).load(WORDS)).toEqual(payloadsOf(WORDS));
        expect([read, where, generated]).toEqual([read, where, WORDS]);
        isThere = bad.count > read;
      }
    }
  });
});

test("packs that another process puts into one while they are read cost nothing", async () => {
  const inner = memoryStore();
  const { generated, build } = createWorld(2);
  await build(inner).load(WORDS);
  let isDone = false;
  const dataDir = override(inner, {
    read: async (file, options) => {
      if (file.endsWith(".pack") && (options?.range?.start ?? 0) > 0 && !isDone) {
        isDone = true;
        await build(inner).compact();
      }
      return inner.read(file, options);
    },
  });
  expect(await build(dataDir).load(WORDS)).toEqual(payloadsOf(WORDS));
  expect(isDone).toBe(true);
  expect(generated).toEqual(WORDS);
});

describe("a pack that the last release wrote", () => {
  test("is read, and put together with others", async () => {
    await using folder = await temporaryFolder();
    const file = folder.join(...release.path.split("/"));
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, Buffer.from(release.base64, "base64"));
    const { generated, build } = createWorld();
    expect(await build(folder.path).missing([...WORDS, "new"])).toEqual(["new"]);
    expect(await build(folder.path).load([...WORDS, "new"])).toEqual(payloadsOf([...WORDS, "new"]));
    expect(generated).toEqual(["new"]);
    expect(await build(folder.path).compact()).toEqual({ before: 2, after: 1 });
    expect(await build(folder.path).load([...WORDS, "new"])).toEqual(payloadsOf([...WORDS, "new"]));
    expect(generated).toEqual(["new"]);
  });

  test("begins as those of this release do, which it can read in turn", async () => {
    await using folder = await temporaryFolder();
    await createWorld().build(folder.path).load(WORDS);
    const ours = readFileSync(packsIn(folder.path)[0] ?? "");
    const theirs = Buffer.from(release.base64, "base64");
    const headerOf = (pack: Buffer) =>
      JSON.parse(pack.toString("utf8", FRAME_BYTES, FRAME_BYTES + pack.readUInt32LE(8)));
    const { createdAt: _one, durationMs: _two, cost: _three, ...expected } = headerOf(theirs);
    expect(headerOf(ours)).toMatchObject(expected);
    expect(frameOf(partsOf(ours).json)).toEqual(partsOf(ours).frame);
    expect(
      ours.subarray(FRAME_BYTES + ours.readUInt32LE(8)).indexOf(theirs.subarray(FRAME_BYTES + theirs.readUInt32LE(8))),
    ).toBe(0);
  });
});
