import { existsSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  ClassCodecError,
  DefinitionError,
  defineClass,
  definePersistable,
  type Format,
  FormatFailedError,
  gzip,
  json,
  memoryStore,
  npy,
  openStore,
  structured,
  typedParams,
} from "../../src/entry/index.ts";
import { collect, persistableMap, plan } from "../../src/entry/pipeline.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

class Range {
  readonly lo: number;
  constructor(lo: number) {
    this.lo = lo;
  }
}

class Model {
  readonly weights: readonly number[];
  constructor(weights: readonly number[]) {
    this.weights = weights;
  }
}

const bug = new Error("bug in my code.");
let isBroken = false;

function unlessBroken<Value>(value: Value): Value {
  if (isBroken) throw bug;
  return value;
}

async function whileBroken<Result>(work: () => Result): Promise<Awaited<Result>> {
  isBroken = true;
  try {
    return await work();
  } finally {
    isBroken = false;
  }
}

function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => "it succeeded",
    (error: unknown) => error,
  );
}

function quarantined(folder: string): string[] {
  const path = `${folder}/.persistable/quarantine`;
  return existsSync(path) ? readdirSync(path, { recursive: true, encoding: "utf8" }) : [];
}

const range = defineClass(Range, {
  encode: ({ lo }) => lo,
  decode: (lo) => unlessBroken(new Range(lo)),
});

describe("a codec of a class in the params", () => {
  test.each([
    ["npy, a file", npy() as Format<unknown>],
    ["json, inside of the record", json() as unknown as Format<unknown>],
    ["structured, which reads the payload only", structured() as unknown as Format<unknown>],
  ])("that throws while a record is read leaves the artifact alone: %s", async (_what, format) => {
    await using folder = await temporaryFolder();
    let generated = 0;
    const simulation = definePersistable({
      name: "simulation",
      params: typedParams<{ r: Range }>(),
      classes: [range],
      format,
      generate: ({ params }): unknown => {
        generated += 1;
        return format.id === "npy" ? Float64Array.of(params.r.lo) : [params.r.lo];
      },
    });
    const build = () => simulation({ r: new Range(1) }, { dataDir: folder.path });
    await build().payload;
    const broken = build();
    await whileBroken(async () => {
      for (const work of [() => broken.load(), () => broken.loadOrGenerate(), () => broken.payload]) {
        const error = await failureOf(work());
        // The payload inside of a record is read without decoding the params.
        if (format.id !== "npy") continue;
        expect(error).toBeInstanceOf(ClassCodecError);
        expect(error).toMatchObject({
          code: "PERSISTABLE_CLASS_CODEC",
          className: "Range",
          operation: "decode",
          cause: bug,
        });
        expect((error as Error).message).toMatch(/params\.r, an instance of Range: bug in my code\. Fix/);
      }
      for (const work of [() => broken.explain(), () => broken.record(), () => collect([broken])]) {
        const error = await failureOf(work());
        expect(error).toBeInstanceOf(ClassCodecError);
        expect(String(error)).not.toMatch(/corrupt|damaged/i);
      }
      expect(await broken.isPersisted()).toBe(true);
      expect((await plan([broken])).counts).toMatchObject({ hit: 1, miss: 0 });
    });
    expect(quarantined(folder.path)).toEqual([]);
    expect(await build().load()).toEqual(await broken.payload);
    expect((await build().record())?.params).toEqual({ r: new Range(1) });
    expect(generated).toBe(1);
  });

  test("that throws does not keep another artifact from being generated, and its reason for the miss is the right one", async () => {
    const dataDir = memoryStore();
    const simulation = definePersistable({
      name: "simulation",
      params: typedParams<{ r: Range; n: number }>(),
      classes: [range],
      generate: () => 2,
    });
    await simulation({ r: new Range(1), n: 1 }, { dataDir }).payload;
    const other = simulation({ r: new Range(1), n: 2 }, { dataDir });
    await whileBroken(async () => {
      const explained = await other.explain();
      expect(explained).toMatchObject({ state: "miss", reason: { kind: "params-changed" } });
      expect(explained.state === "miss" && "changes" in explained.reason && explained.reason.changes).toMatchObject([
        { key: "n", value: 2, nearestValue: 1 },
      ]);
      expect(await other.payload).toBe(2);
    });
  });

  test("that gives another encoding than it once did says nothing about the record", async () => {
    const dataDir = memoryStore();
    let extra = 0;
    const drifting = defineClass(Range, { encode: ({ lo }) => lo + extra, decode: (lo) => new Range(lo) });
    let generated = 0;
    const simulation = definePersistable({
      name: "simulation",
      params: typedParams<{ r: Range }>(),
      classes: [drifting],
      format: npy(),
      generate: () => Float64Array.of(++generated),
    });
    await simulation({ r: new Range(1) }, { dataDir }).payload;
    const held = simulation({ r: new Range(1) }, { dataDir });
    extra = 1;
    expect(await held.load()).toEqual(Float64Array.of(1));
    expect((await held.record())?.params).toEqual({ r: new Range(1) });
    expect(generated).toBe(1);
  });

  test.each([
    ["a function", () => () => 1],
    ["an object with a function", () => ({ call: () => 1 })],
    ["an instance of another class", () => new Model([1])],
    ["nothing", () => undefined],
  ])(
    "that makes %s of a record does not keep another artifact from being generated or explained",
    async (_what, decode) => {
      const dataDir = memoryStore();
      let isOdd = false;
      const odd = defineClass(Range, {
        encode: ({ lo }) => lo,
        decode: (lo) => (isOdd ? decode() : new Range(lo)) as Range,
      });
      const simulation = definePersistable({
        name: "simulation",
        params: typedParams<{ r: Range; n: number }>(),
        classes: [odd],
        format: npy(),
        generate: () => Float64Array.of(1),
      });
      await simulation({ r: new Range(1), n: 1 }, { dataDir }).payload;
      const [same, other] = [1, 2].map((n) => simulation({ r: new Range(1), n }, { dataDir }));
      isOdd = true;
      expect((await other?.explain())?.state).toBe("miss");
      expect((await plan([other as never])).counts).toMatchObject({ miss: 1 });
      expect(await other?.payload).toEqual(Float64Array.of(1));
      expect((await same?.explain())?.state).toBe("hit");
      expect(await same?.load()).toEqual(Float64Array.of(1));
    },
  );

  test("that throws when a persistable is built is named", () => {
    const refusing = defineClass(Range, {
      encode: (): number => {
        throw bug;
      },
      decode: (lo: number) => new Range(lo),
    });
    const simulation = definePersistable({
      name: "simulation",
      params: typedParams<{ r: Range }>(),
      classes: [refusing],
      generate: () => 1,
    });
    expect(() => simulation({ r: new Range(1) }, { dataDir: memoryStore() })).toThrow(ClassCodecError);
  });
});

test("a codec of a class in a payload that throws leaves the artifact alone", async () => {
  await using folder = await temporaryFolder();
  const model = defineClass(Model, {
    encode: ({ weights }) => weights,
    decode: (weights) => unlessBroken(new Model(weights)),
  });
  let generated = 0;
  for (const [i, format] of [structured({ classes: [model] }), gzip(structured({ classes: [model] }))].entries()) {
    for (const length of [3, 100_000]) {
      const fitted = definePersistable({
        name: `fitted-${i}-${length}`,
        format,
        generate: () => {
          generated += 1;
          return new Model(Array.from({ length }, (_, at) => at / 7));
        },
      });
      generated = 0;
      await fitted({}, { dataDir: folder.path }).payload;
      await whileBroken(async () => {
        const broken = fitted({}, { dataDir: folder.path });
        for (const work of [() => broken.load(), () => broken.loadOrGenerate()]) {
          const error = await failureOf(work());
          expect(error).toMatchObject({
            code: "PERSISTABLE_CLASS_CODEC",
            className: "Model",
            operation: "decode",
            cause: bug,
          });
        }
        expect((await broken.explain()).state).toBe("hit");
      });
      expect(quarantined(folder.path)).toEqual([]);
      expect((await fitted({}, { dataDir: folder.path }).payload).weights).toHaveLength(length);
      expect(generated).toBe(1);
    }
  }
});

function textFormat(overrides: Partial<Format<string>>): Format<string> {
  return {
    id: "my-text",
    extension: ".txt",
    inline: "text",
    check: () => {},
    encode: (payload) => [new TextEncoder().encode(payload)],
    decode: (bytes) => new TextDecoder().decode(bytes),
    ...overrides,
  };
}

describe("a format of one's own", () => {
  test.each([
    ["that throws", (bytes: Uint8Array) => unlessBroken(new TextDecoder().decode(bytes))],
    ["that rejects", async (bytes: Uint8Array) => unlessBroken(new TextDecoder().decode(bytes))],
  ] as const)("%s while it decodes leaves the artifact alone", async (_what, decode) => {
    for (const inline of ["text", "base64", false] as const) {
      for (const format of [textFormat({ decode, inline }), gzip(textFormat({ decode, inline }))]) {
        await using folder = await temporaryFolder();
        let generated = 0;
        const page = definePersistable({ name: "page", format, generate: () => `page ${++generated}` });
        await page({}, { dataDir: folder.path }).payload;
        await whileBroken(async () => {
          const broken = page({}, { dataDir: folder.path });
          for (const work of [() => broken.load(), () => broken.loadOrGenerate()]) {
            const error = await failureOf(work());
            expect(error).toBeInstanceOf(FormatFailedError);
            expect(error).toMatchObject({ format: format.id, operation: "decode", cause: bug });
          }
          expect((await broken.explain()).state).toBe("hit");
        });
        expect(quarantined(folder.path)).toEqual([]);
        expect(await page({}, { dataDir: folder.path }).payload).toBe("page 1");
      }
    }
  });

  test("may come to lie in its records in another way", async () => {
    const dataDir = memoryStore();
    let generated = 0;
    const page = (inline: Format["inline"]) =>
      definePersistable({ name: "page", format: textFormat({ inline }), generate: () => `page ${++generated}` })(
        {},
        { dataDir },
      );
    await page("text").payload;
    expect(await page(false).payload).toBe("page 1");
    expect(generated).toBe(1);
  });

  test.each([
    ["one array", () => new Uint8Array(3), /encode of the format my-text gave one Uint8Array instead of an array/],
    ["a text", () => "abc", /gave a string instead/],
    ["nothing", () => undefined, /gave undefined instead/],
    ["an array of texts", () => [new Uint8Array(1), "abc"], /gave an array with a string at 1 instead/],
    ["other views", () => [new Float64Array(3)], /gave an array with one Float64Array at 0 instead/],
    ["a buffer", async () => new ArrayBuffer(3), /gave one ArrayBuffer instead/],
  ])("whose encode gives %s is named", async (_what, encode, message) => {
    const dataDir = memoryStore();
    const format = textFormat({ encode: encode as unknown as Format<string>["encode"] });
    for (const given of [format, gzip(format), { ...format, inline: false } as const]) {
      const error = await failureOf(
        definePersistable({ name: "page", format: given, generate: () => "x" })({}, { dataDir }).payload,
      );
      expect(error).toMatchObject({ code: "PERSISTABLE_FORMAT_FAILED", format: "my-text", operation: "encode" });
      expect((error as Error).message).toMatch(message);
    }
    const map = persistableMap({
      name: "pages",
      item: (item: string) => item,
      format,
      generateBatch: ({ items }) => [...items],
    });
    const error = (await failureOf(map({}, { dataDir }).load(["a"]))) as Error;
    expect(error.cause).toMatchObject({ code: "PERSISTABLE_FORMAT_FAILED", operation: "encode" });
  });

  test.each([
    ["text", Uint8Array.of(0xff), /not UTF-8 text/],
    ["json", new TextEncoder().encode("{"), /not one line of JSON/],
    ["json", new TextEncoder().encode("1\n"), /not one line of JSON/],
    ["json", new TextEncoder().encode('1,\n  "x": 2'), /not one line of JSON/],
  ] as const)(
    "whose bytes are not the %s that it promises publishes no record that cannot be read",
    async (inline, bytes, message) => {
      const dataDir = memoryStore();
      const page = definePersistable({
        name: "page",
        format: textFormat({ inline, encode: () => [bytes] }),
        generate: () => "x",
      });
      const error = await failureOf(page({}, { dataDir }).payload);
      expect(error).toMatchObject({ code: "PERSISTABLE_FORMAT_FAILED", operation: "encode" });
      expect((error as Error).message).toMatch(message);
      expect(await page({}, { dataDir }).isPersisted()).toBe(false);
    },
  );

  test("whose handle cannot be opened leaves the artifact alone", async () => {
    await using folder = await temporaryFolder();
    const dataDir = openStore(folder.path);
    let generated = 0;
    const format: Format<AsyncIterable<string>> = {
      ...(textFormat({ inline: false }) as unknown as Format<AsyncIterable<string>>),
      stored: {
        kind: "stream",
        async *write(payload) {
          for await (const line of payload) yield new TextEncoder().encode(line);
        },
        open: (source) =>
          unlessBroken({
            async *[Symbol.asyncIterator]() {
              for await (const piece of source.stream()) yield new TextDecoder().decode(piece);
            },
          }),
      },
    };
    const lines = definePersistable({
      name: "lines",
      format,
      async *generate(): AsyncIterable<string> {
        generated += 1;
        yield "abc";
      },
    });
    await lines({}, { dataDir }).payload;
    const error = await whileBroken(() => failureOf(lines({}, { dataDir }).loadOrGenerate()));
    expect(error).toMatchObject({ code: "PERSISTABLE_FORMAT_FAILED", operation: "stored.open", cause: bug });
    expect(quarantined(folder.path)).toEqual([]);
    for await (const line of await lines({}, { dataDir }).payload) expect(line).toBe("abc");
    expect(generated).toBe(1);
  });
});

test("a schema that throws is named, and nothing happens to what is there", async () => {
  const dataDir = memoryStore();
  const schema = {
    "~standard": {
      version: 1,
      vendor: "mine",
      validate: (value: unknown) => unlessBroken({ value: value as { n: number } }),
    },
  } as const;
  let generated = 0;
  const counted = definePersistable({ name: "counted", params: schema, generate: () => ++generated });
  await counted({ n: 1 }, { dataDir }).payload;
  const error = await whileBroken(() => failureOf(Promise.resolve().then(() => counted({ n: 1 }, { dataDir }))));
  expect(error).toBeInstanceOf(DefinitionError);
  expect(error).toMatchObject({ cause: bug });
  expect(await counted({ n: 1 }, { dataDir }).payload).toBe(1);
});

test("a validator or a hook that throws on what is loaded leaves the artifact alone", async () => {
  await using folder = await temporaryFolder();
  let generated = 0;
  const counted = definePersistable({
    name: "counted",
    generate: () => ++generated,
    validate: () => unlessBroken(undefined),
    afterLoad: () => unlessBroken(undefined),
  });
  await counted({}, { dataDir: folder.path }).payload;
  const error = await whileBroken(() => failureOf(counted({}, { dataDir: folder.path }).loadOrGenerate()));
  expect(error).toMatchObject({ code: "PERSISTABLE_INVALID_PAYLOAD", cause: bug });
  const told = await whileBroken(() =>
    failureOf(counted({}, { dataDir: folder.path, onEvent: () => unlessBroken(undefined) }).loadOrGenerate()),
  );
  expect(told).toBeInstanceOf(Error);
  expect(quarantined(folder.path)).toEqual([]);
  expect(await counted({}, { dataDir: folder.path }).payload).toBe(1);
});
