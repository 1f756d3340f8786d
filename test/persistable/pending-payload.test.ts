import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { directory } from "../../src/entry/formats/directory.ts";
import { file } from "../../src/entry/formats/file.ts";
import { records } from "../../src/entry/formats/records.ts";
import {
  defineClass,
  definePersistable,
  type Format,
  InvalidPayloadError,
  json,
  memoryStore,
  npy,
  type PersistableError,
  type PersistableEvent,
  PersistFailedError,
  type Store,
  StoreFullError,
  StoreIoError,
  structured,
  typedParams,
  UnsupportedPayloadError,
} from "../../src/entry/index.ts";
import { type RunEvent, RunFailedError, run } from "../../src/entry/pipeline.ts";
import { streamPayload } from "../../src/entry/stream.ts";
import { type FaultyStore, faultyStore } from "../support/faulty-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const retries = { retries: 3, minDelayMs: 1 } as const;

function failureOf(work: Promise<unknown>): Promise<PersistableError> {
  return work.then(
    () => expect.unreachable("it succeeded"),
    (error: PersistableError) => error,
  );
}

/** Publishing fails, as often as asked for. */
function failing(times = 1, store: Store = memoryStore()): FaultyStore {
  const faulty = faultyStore(store);
  let left = times;
  faulty.fails = (operation, path) =>
    (operation === "write" || operation === "create") && path.startsWith("costly/") && left-- > 0;
  return faulty;
}

function costly(overrides: object = {}) {
  let paid = 0;
  const definition = definePersistable({
    name: "costly",
    params: typedParams<{ readonly n?: number }>(),
    format: npy(),
    generate: ({ cost, seed, params }) => {
      paid += 1;
      cost({ usd: 3 });
      void seed;
      return new Float64Array(1000).fill(paid * 100 + (params.n ?? 0));
    },
    ...overrides,
  });
  const build = (dataDir: Store, n?: number, options: object = {}) =>
    definition({ ...(n === undefined ? {} : { n }) }, { dataDir, logger: silent, ...options });
  return { build, paid: () => paid };
}

describe("the error", () => {
  test("has the class, the code and the fields of what failed, the payload, and says what to do", async () => {
    const { build } = costly();
    const store = failing();
    const error = await failureOf(build(store).payload);
    expect(error).toBeInstanceOf(StoreIoError);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: "StoreIoError",
      code: "PERSISTABLE_STORE_IO",
      systemCode: "ECONNREFUSED",
      operation: "write",
      cause: { code: "ECONNREFUSED" },
    });
    expect(error.message).toMatch(/^costly was generated, but could not be persisted: Could not write /);
    expect(error.message).toMatch(/persist\(\).*without generating it again.*resetPayload\(\)/);
    expect(error.payload).toEqual(new Float64Array(1000).fill(100));
    expect(Object.keys(error)).not.toContain("payload");
    expect(JSON.stringify(error)).not.toContain("payload");
    expect(error.stack).toContain("costly was generated, but could not be persisted");
    expect(error.stack).toMatch(/\n {4}at /);
  });

  test("is a copy where the store throws the same one again and again", async () => {
    const inner = memoryStore();
    const failure = Object.freeze(new StoreFullError({ operation: "create", path: "x", systemCode: "ENOSPC" }));
    const store: Store = {
      ...faultyStore(inner),
      writeFresh: () => Promise.reject(failure),
    };
    const { build } = costly();
    const made = build(store);
    for (let i = 0; i < 3; i++) {
      const error = await failureOf(made.payload);
      expect(error.message.match(/generated, but/g)).toHaveLength(1);
      expect(error).toBeInstanceOf(StoreFullError);
    }
    expect(failure.message).not.toContain("generated");
  });

  test.each([
    ["an error of its own", new Error("my store broke down")],
    ["no error at all", "my store broke down"],
  ])("is a PersistFailedError where a store throws %s", async (_what, thrown) => {
    const store: Store = { ...faultyStore(memoryStore()), writeFresh: () => Promise.reject(thrown) };
    const { build, paid } = costly();
    const made = build(store);
    const error = await failureOf(made.payload);
    expect(error).toBeInstanceOf(PersistFailedError);
    expect(error).toMatchObject({ code: "PERSISTABLE_PERSIST_FAILED", payloadName: "costly", cause: thrown });
    expect(error.message).toContain("generated, but could not be persisted: my store broke down.");
    expect(error.payload).toHaveLength(1000);
    expect(paid()).toBe(1);
  });

  test("cannot be used to change what is published later, nor can the memory of the generator", async () => {
    const memory = new Float64Array(1000);
    const { build } = costly({
      generate: ({ params }: { readonly params: { readonly n: number } }) => memory.fill(params.n),
    });
    const store = failing(2);
    const [one, two] = [build(store, 1), build(store, 2)];
    await failureOf(one.payload);
    const error = await failureOf(two.payload);
    (error.payload as Float64Array).fill(-1);
    expect((await two.payload)[7]).toBe(2);
    await one.persist();
    expect((await one.load())[7]).toBe(1);
  });

  test("has the frozen payload where that is what everybody is handed", async () => {
    const { build } = costly({ format: structured(), generate: () => ({ nested: { n: 1 } }) });
    const made = build(failing());
    const error = await failureOf(made.payload);
    expect(Object.isFrozen((error.payload as unknown as { nested: object }).nested)).toBe(true);
    expect(await made.payload).toEqual({ nested: { n: 1 } });
  });
});

describe("a payload that could not be published", () => {
  test.each(["payload", "loadOrGenerate", "persist"] as const)(
    "is published by %s, with what its generation cost in its record",
    async (how) => {
      const { build, paid } = costly();
      const store = failing(2);
      const made = build(store);
      const first = await failureOf(made.payload);
      const second = await failureOf(how === "persist" ? made.persist() : made.payload);
      for (const error of [first, second]) expect(error.payload).toEqual(new Float64Array(1000).fill(100));
      const before = Date.now();
      if (how === "persist") await made.persist();
      else if (how === "payload") expect((await made.payload)[0]).toBe(100);
      else expect((await made.loadOrGenerate())[0]).toBe(100);
      expect(paid()).toBe(1);
      expect((await build(store).load())[0]).toBe(100);
      const { provenance } = (await made.record()) ?? {};
      expect(provenance).toMatchObject({ cost: { usd: 3 }, seed: expect.any(Number), durationMs: expect.any(Number) });
      expect(Date.parse(provenance?.createdAt ?? "")).toBeLessThanOrEqual(before);
    },
  );

  test("is in the error also where the next request does not even get a lease", async () => {
    const { build, paid } = costly();
    const store = failing();
    const made = build(store);
    await failureOf(made.payload);
    // A store of memory has its leases in the process: what fails is the look under the lease.
    let looks = 0;
    store.fails = (operation) => operation === "read" && ++looks === 2;
    const error = await failureOf(made.payload);
    expect(error.message).toMatch(/generated, but could not be persisted: Could not read/);
    expect(error.payload).toHaveLength(1000);
    store.fails = () => false;
    expect((await made.payload)[0]).toBe(100);
    expect(paid()).toBe(1);
  });

  test("of undefined, null and other small values is published, too", async () => {
    for (const value of [undefined, null, 0, "", false]) {
      const { build } = costly({ format: structured(), generate: () => value });
      const made = build(failing());
      const error = await failureOf(made.payload);
      expect(error.payload).toBe(value);
      expect(await made.payload).toBe(value);
      expect(await build(memoryStore()).payload).toBe(value);
    }
  });

  test("is forgotten by resetPayload and by remove", async () => {
    for (const forget of ["resetPayload", "remove"] as const) {
      const { build, paid } = costly();
      const store = failing();
      const made = build(store);
      await failureOf(made.payload);
      await made[forget]();
      await expect(made.persist()).rejects.toMatchObject({ code: "PERSISTABLE_NO_PAYLOAD" });
      expect((await build(store).payload)[0]).toBe(200);
      expect(paid()).toBe(2);
    }
  });

  test("gives way to a later one of generate(), and generate() always generates", async () => {
    const { build, paid } = costly();
    const store = failing(2);
    const made = build(store);
    await failureOf(made.payload);
    await failureOf(made.generate());
    expect(paid()).toBe(2);
    await made.persist();
    expect((await made.load())[0]).toBe(200);
    await failureOf(Promise.reject(new StoreIoError({ operation: "read", path: "x" })));
    expect((await made.generate())[0]).toBe(300);
  });

  test("of generate() takes the place of the earlier artifact by persist(), and not by a mere request", async () => {
    const { build } = costly();
    const store = failing(0);
    await build(store).payload;
    const made = build(store);
    let isDown = true;
    store.fails = (operation) => isDown && (operation === "write" || operation === "create");
    await failureOf(made.generate());
    isDown = false;
    expect((await made.payload)[0]).toBe(100);
    await made.persist();
    expect((await build(store).load())[0]).toBe(200);
  });

  test("gives way to what another process has published meanwhile", async () => {
    for (const ask of ["payload", "persist"] as const) {
      const inner = memoryStore();
      const { build, paid } = costly();
      const made = build(failing(1, inner));
      await failureOf(made.payload);
      const other = costly();
      await other.build(inner).generate();
      await other.build(inner).generate();
      await (ask === "payload" ? made.payload : made.persist());
      expect((await made.payload)[0]).toBe(200);
      expect((await made.load())[0]).toBe(200);
      expect(paid()).toBe(1);
    }
  });

  test("belongs to everybody who waited for the same work", async () => {
    const { build, paid } = costly();
    const store = failing();
    const [one, other] = [build(store), build(store)];
    const errors = await Promise.all([failureOf(one.payload), failureOf(other.payload)]);
    for (const error of errors) expect(error.payload).toHaveLength(1000);
    await other.persist();
    expect((await one.payload)[0]).toBe(100);
    expect(paid()).toBe(1);
  });

  test("that its format refuses belongs to everybody who waited for the same work, too", async () => {
    const { build, paid } = costly({ format: json(), generate: () => ({ at: new Date(counted()) }) });
    let count = 0;
    const counted = (): number => ++count;
    const store = memoryStore();
    const [one, other] = [build(store), build(store)];
    await Promise.all([failureOf(one.payload), failureOf(other.payload)]);
    for (const made of [one, other, one]) expect(await failureOf(made.payload)).toBeInstanceOf(UnsupportedPayloadError);
    expect([count, paid()]).toEqual([1, 0]);
  });

  test("is published by another object of the same recipe, as long as somebody holds it", async () => {
    const { build, paid } = costly();
    const store = failing();
    const first = build(store);
    const error = await failureOf(first.payload);
    expect((await build(store).payload)[0]).toBe(100);
    expect(error.payload).toHaveLength(1000);
    expect((await first.payload)[0]).toBe(100);
    expect(paid()).toBe(1);
  });

  test("is checked by validate(), like one that is held", async () => {
    let isStrict = false;
    const { build } = costly({
      validate: () => {
        if (isStrict) throw new InvalidPayloadError("no");
      },
    });
    const made = build(failing());
    await failureOf(made.payload);
    await made.validate();
    isStrict = true;
    await expect(made.validate()).rejects.toThrow("no");
  });

  test("that was generated when the caller gave up is published by the next request", async () => {
    for (const when of ["generate", "publish"] as const) {
      const abort = new AbortController();
      const inner = faultyStore(memoryStore());
      let paid = 0;
      const store: Store = {
        ...inner,
        writeFresh: (path, chunks, options) => {
          if (when === "publish") abort.abort(new Error("enough"));
          options?.signal?.throwIfAborted();
          return inner.writeFresh(path, chunks, options);
        },
      };
      const { build } = costly({
        generate: () => {
          paid += 1;
          if (when === "generate") abort.abort(new Error("enough"));
          return new Float64Array(10).fill(paid);
        },
      });
      const made = build(store);
      await expect(made.loadOrGenerate({ signal: abort.signal })).rejects.toThrow("enough");
      expect((await made.payload)[0]).toBe(1);
      expect(paid).toBe(1);
    }
  });

  test("is published in the place of an artifact that was damaged", async () => {
    await using folder = await temporaryFolder();
    const { fileStore } = await import("../../src/entry/index.ts");
    const store = failing(0, fileStore(folder.path, { durable: false }));
    const { build, paid } = costly();
    await build(store).payload;
    const record = join(folder.path, "costly", `${build(store).address}.json`);
    writeFileSync(record, "{}");
    const made = build(store);
    let left = 1;
    store.fails = (operation, path) => operation === "write" && path.startsWith("costly/") && left-- > 0;
    await failureOf(made.payload);
    expect((await made.payload)[0]).toBe(200);
    expect((await build(store).load())[0]).toBe(200);
    expect(paid()).toBe(2);
  });
});

describe("hooks after generating", () => {
  test.each(["summarize", "afterGenerate", "onEvent generated", "onEvent persisted", "logger"] as const)(
    "%s may fail: the payload is not generated again",
    async (which) => {
      let isBroken = true;
      const fail = (): void => {
        if (isBroken) throw new Error("bug in my hook");
      };
      let paid = 0;
      const definition = definePersistable({
        name: "costly",
        generate: () => [++paid],
        summarize: (payload) => {
          if (which === "summarize") fail();
          return { n: payload.length };
        },
        afterGenerate: () => {
          if (which === "afterGenerate") fail();
        },
      });
      const onEvent = ({ type }: PersistableEvent): void => {
        if (paid > 0 && which === `onEvent ${type}`) fail();
      };
      const log = (): void => {
        if (paid > 0 && which === "logger") fail();
      };
      const made = definition(
        {},
        { dataDir: memoryStore(), onEvent, logger: { debug: log, info: log, warn: log, error: log } },
      );
      const error = await failureOf(made.payload);
      expect(String(error.cause ?? error)).toContain("bug in my hook");
      isBroken = false;
      expect(await made.payload).toEqual([1]);
      expect(await made.load()).toEqual([1]);
      expect((await made.record())?.summary).toEqual({ n: 1 });
      expect(paid).toBe(1);
    },
  );

  test("a listener that fails for the failure does not hide it", async () => {
    const { build } = costly();
    const onEvent = ({ type }: PersistableEvent): void => {
      if (type === "failed") throw new Error("the listener broke down");
    };
    const warnings: Error[] = [];
    const listen = (warning: Error): void => void warnings.push(warning);
    process.on("warning", listen);
    const error = await failureOf(build(failing(), undefined, { onEvent }).payload);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", listen);
    expect(error).toBeInstanceOf(StoreIoError);
    expect(warnings.map(({ message }) => message)).toContain("the listener broke down");
  });

  test("a codec of a class that cannot encode the payload is fixed without generating again", async () => {
    class Model {
      readonly n: number;
      constructor(n: number) {
        this.n = n;
      }
    }
    let isBroken = true;
    let paid = 0;
    const model = defineClass(Model, {
      encode: ({ n }) => {
        if (isBroken) throw new Error("bug in my codec");
        return n;
      },
      decode: (n) => new Model(n),
    });
    const fitted = definePersistable({
      name: "fitted",
      format: structured({ classes: [model] }),
      generate: () => new Model(++paid),
    })({}, { dataDir: memoryStore() });
    const error = await failureOf(fitted.payload);
    expect(error).toMatchObject({ code: "PERSISTABLE_CLASS_CODEC", operation: "encode", className: "Model" });
    expect(error.payload).toBeInstanceOf(Model);
    isBroken = false;
    expect((await fitted.payload).n).toBe(1);
    expect(paid).toBe(1);
  });
});

describe("a payload that the validator refuses", () => {
  test("is in the error, and published by persist() only once the validator takes it", async () => {
    let isStrict = true;
    const { build, paid } = costly({
      validate: () => {
        if (isStrict) throw new Error("not these");
      },
    });
    const made = build(memoryStore());
    const error = await failureOf(made.payload);
    expect(error).toBeInstanceOf(InvalidPayloadError);
    expect(error.message).not.toContain("could not be persisted");
    expect(error.payload).toHaveLength(1000);
    const again = await failureOf(made.persist());
    expect(again).toBeInstanceOf(InvalidPayloadError);
    expect(again.payload).toHaveLength(1000);
    expect(await made.isPersisted()).toBe(false);
    isStrict = false;
    await made.persist();
    expect((await made.load())[0]).toBe(100);
    expect(paid()).toBe(1);
  });

  test("is asked about once more by the next request, and then generated again", async () => {
    let least = 150;
    const { build, paid } = costly({
      validate: (payload: Float64Array) => {
        if ((payload[0] ?? 0) < least) throw new InvalidPayloadError("too small");
      },
    });
    const made = build(memoryStore());
    await failureOf(made.payload);
    expect((await made.payload)[0]).toBe(200);
    expect(paid()).toBe(2);
    const other = build(memoryStore());
    least = 1000;
    await failureOf(other.payload);
    least = 0;
    expect((await other.payload)[0]).toBe(300);
    expect(paid()).toBe(3);
  });

  test("is generated again by a retry", async () => {
    const { build, paid } = costly({
      validate: (payload: Float64Array) => {
        if ((payload[0] ?? 0) < 300) throw new InvalidPayloadError("too small");
      },
    });
    const made = build(memoryStore());
    await run([made], { retries, keepRecord: false });
    expect([(await made.payload)[0], paid()]).toEqual([300, 3]);
  });

  test("is in the error when it was loaded, too", async () => {
    let isStrict = false;
    const { build } = costly({
      validate: () => {
        if (isStrict) throw new InvalidPayloadError("not these");
      },
    });
    const store = memoryStore();
    await build(store).payload;
    isStrict = true;
    expect((await failureOf(build(store).load())).payload).toHaveLength(1000);
  });

  test("can be looked at where it is a stream, a file or a folder, and nothing of it is in the store", async () => {
    const look: Record<string, [Format<never>, (workDir: string) => unknown, (payload: never) => unknown]> = {
      stream: [
        records() as unknown as Format<never>,
        async function* () {
          yield 1;
          yield 2;
        },
        async (payload) => {
          const all: unknown[] = [];
          for (let i = 0; i < 2; i++) for await (const item of payload as AsyncIterable<unknown>) all.push(item);
          return all;
        },
      ],
      file: [
        file() as unknown as Format<never>,
        (workDir) => {
          writeFileSync(join(workDir, "a.bin"), "frames");
          return join(workDir, "a.bin");
        },
        (payload) => readFileSync(payload, "utf8"),
      ],
      folder: [
        directory() as unknown as Format<never>,
        (workDir) => {
          writeFileSync(join(workDir, "a.txt"), "a");
          return workDir;
        },
        (payload) => readdirSync(payload),
      ],
    };
    for (const [what, [format, generate, read]] of Object.entries(look)) {
      await using folder = await temporaryFolder();
      let isStrict = true;
      let paid = 0;
      const made = definePersistable({
        name: "judged",
        format: format as Format<unknown>,
        generate: ({ workDir }) => {
          paid += 1;
          return generate(workDir);
        },
        validate: () => {
          if (isStrict) throw new InvalidPayloadError("no");
        },
      })({}, { dataDir: folder.path, logger: silent });
      const error = await failureOf(made.payload);
      const seen = await read(error.payload as never);
      expect(seen, what).toEqual({ stream: [1, 2, 1, 2], file: "frames", folder: ["a.txt"] }[what]);
      const stored = readdirSync(folder.path, { recursive: true, encoding: "utf8" });
      expect(stored.filter((name) => /^judged[\\/]/.test(name))).toEqual([]);
      isStrict = false;
      expect(await read((await made.payload) as never)).toEqual(seen);
      expect(paid).toBe(1);
    }
  });
});

describe("a run", () => {
  test.each([false, true])("tries again only to publish (force: %s)", async (isForced) => {
    const { build, paid } = costly();
    const store = failing(2);
    const made = build(store);
    const events: RunEvent[] = [];
    const result = await run([made], {
      retries,
      keepRecord: false,
      onEvent: (event) => events.push(event),
      ...(isForced ? { force: [made] } : {}),
    });
    expect(paid()).toBe(1);
    expect(result).toMatchObject({ generated: 1, failed: 0, cost: { usd: 3 } });
    expect(events.map(({ type }) => type).filter((type) => type === "started" || type === "retried")).toEqual([
      "started",
      "retried",
      "retried",
    ]);
    expect(events.find(({ type }) => type === "generated")).toMatchObject({ attempt: 3, cost: { usd: 3 } });
    expect((await made.record())?.provenance.cost).toEqual({ usd: 3 });
  });

  test("that fails is repeated without generating again, by the same and by other objects", async () => {
    const { build, paid } = costly();
    const store = failing(1);
    const made = build(store);
    const error = (await failureOf(run([made], { keepRecord: false }))) as unknown as RunFailedError;
    expect(error).toBeInstanceOf(RunFailedError);
    expect(error.result.failures[0]?.error).toHaveProperty("payload.length", 1000);
    await run([build(store)], { keepRecord: false });
    await run([made], { keepRecord: false });
    expect(paid()).toBe(1);
  });

  test("does not try again what the library knows to be permanent", async () => {
    const full: Store = {
      ...faultyStore(memoryStore()),
      writeFresh: (path) => Promise.reject(new StoreFullError({ operation: "write", path, systemCode: "ENOSPC" })),
    };
    let refused = 0;
    const unsupported = definePersistable({
      name: "unsupported",
      format: json(),
      generate: () => {
        refused += 1;
        return { at: new Date(0) };
      },
    });
    const { build, paid } = costly();
    const events: RunEvent[] = [];
    const options = { retries, keepRecord: false, onEvent: (event: RunEvent) => void events.push(event) };
    await failureOf(run([build(full)], options));
    await failureOf(run([unsupported({}, { dataDir: memoryStore() })], options));
    const nested = definePersistable({
      name: "nested",
      generate: async () => {
        refused += 1;
        await costly().build(full).payload;
      },
    });
    await failureOf(run([nested({}, { dataDir: memoryStore() })], options));
    expect([paid(), refused]).toEqual([1, 2]);
    expect(events.filter(({ type }) => type === "retried")).toEqual([]);
  });

  test("tries again what passes, and what the generator throws", async () => {
    let attempts = 0;
    const flaky = definePersistable({
      name: "flaky",
      generate: () => {
        attempts += 1;
        if (attempts === 1) throw new StoreIoError({ operation: "read", path: "elsewhere" });
        if (attempts === 2) throw new TypeError("no luck");
        return attempts;
      },
    });
    await run([flaky({}, { dataDir: memoryStore() })], { retries, keepRecord: false });
    expect(attempts).toBe(3);
  });
});

describe("streams", () => {
  test("that fail while they are generated are not kept, and are generated again", async () => {
    let paid = 0;
    const tokens = definePersistable({
      name: "tokens",
      format: records<number>(),
      async *generate() {
        paid += 1;
        yield 1;
        if (paid === 1) throw new Error("the model hung up");
        yield 2;
      },
    })({}, { dataDir: memoryStore() });
    const error = await failureOf(tokens.payload);
    expect(error.message).toBe("the model hung up");
    expect(error.payload).toBeUndefined();
    const all: number[] = [];
    for await (const token of await tokens.payload) all.push(token);
    expect([...all, paid]).toEqual([1, 2, 2]);
  });

  test("reach their reader to the end where the store fails in the middle, and are published afterwards", async () => {
    const inner = memoryStore();
    let paid = 0;
    let isDown = true;
    const store: Store = {
      ...faultyStore(inner),
      async writeFresh(path, chunks, options) {
        if (!isDown) return inner.writeFresh(path, chunks, options);
        for await (const _piece of chunks as AsyncIterable<Uint8Array>) break;
        throw new StoreIoError({ operation: "write", path, systemCode: "ECONNRESET" });
      },
    };
    const tokens = definePersistable({
      name: "tokens",
      format: records<{ token: number; text: string }>(),
      async *generate({ cost }) {
        paid += 1;
        for (let token = 0; token < 40; token++) yield { token, text: "x".repeat(100_000) };
        cost({ usd: 1 });
      },
    })({}, { dataDir: store, logger: silent });
    const seen: number[] = [];
    const reading = (async () => {
      for await (const { token } of streamPayload(tokens)) seen.push(token);
    })();
    const error = await failureOf(reading);
    expect(error.message).toContain("generated, but could not be persisted");
    expect(seen).toHaveLength(40);
    let kept = 0;
    for await (const { token } of error.payload as AsyncIterable<{ token: number }>) expect(token).toBe(kept++);
    isDown = false;
    let replayed = 0;
    for await (const { token } of await tokens.payload) expect(token).toBe(replayed++);
    expect([kept, replayed, paid]).toEqual([40, 40, 1]);
    expect((await tokens.record())?.provenance.cost).toEqual({ usd: 1 });
  });

  test("a file outside of the work folder stays where it is", async () => {
    await using folder = await temporaryFolder();
    const path = folder.join("film.bin");
    writeFileSync(path, "frames");
    const film = definePersistable({ name: "costly", format: file(), generate: () => path })(
      {},
      { dataDir: failing(), logger: silent },
    );
    const error = await failureOf(film.payload);
    expect(error.payload).toBe(path);
    expect(readFileSync(await film.payload, "utf8")).toBe("frames");
    expect(existsSync(path)).toBe(true);
    rmSync(path);
  });
});
