import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import {
  definePersistable,
  type GenerateContext,
  type Logger,
  memoryStore,
  Persistable,
  type PersistableEvent,
  type Secret,
  secret,
  typedParams,
  untracked,
} from "../../src/entry/index.ts";
import { triesAllCases } from "../support/chosen-cases.ts";
import { buildChild, startChild } from "../support/run-child.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const LINEAGE = triesAllCases ? 100_000 : 20_000;

type Context = GenerateContext<unknown, unknown>;

/** A persistable in memory, whose generator is this. */
function generating<Payload>(generate: (context: Context) => Payload | Promise<Payload>, options: object = {}) {
  return definePersistable({ name: "generating", generate })({}, { dataDir: memoryStore(), ...options });
}

function listening(): { events: PersistableEvent[]; onEvent: (event: PersistableEvent) => void } {
  const events: PersistableEvent[] = [];
  return { events, onEvent: (event) => void events.push(event) };
}

function logging(): { lines: string[]; logger: Logger } {
  const lines: string[] = [];
  const write = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  return { lines, logger: { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") } };
}

describe("progress", () => {
  test("is an event for each call, between started and generated", async () => {
    const { events, onEvent } = listening();
    const counting = generating(
      ({ progress }) => {
        progress(0);
        progress(1, 2, "half");
        return 1;
      },
      { onEvent },
    );
    await counting.payload;
    const { name, address } = counting;
    expect(events.filter(({ type }) => type === "progress")).toEqual([
      { type: "progress", name, address, done: 0 },
      { type: "progress", name, address, done: 1, total: 2, note: "half" },
    ]);
    expect(events.map(({ type }) => type)).toEqual([
      "constructed",
      "miss",
      "started",
      "progress",
      "progress",
      "generated",
      "persisted",
    ]);
  });

  test("never fails a generation: nonsense is left out, and so is what comes too late", async () => {
    const { events, onEvent } = listening();
    let late: Context["progress"] = () => {};
    const odd = generating(
      ({ progress }) => {
        late = progress;
        for (const done of [Number.NaN, -1, Number.POSITIVE_INFINITY, "1", undefined, null])
          progress(done as number, 2);
        progress(1, Number.NaN, 7 as never);
        return 1;
      },
      { onEvent },
    );
    expect(await odd.payload).toBe(1);
    late(2);
    expect(events.filter(({ type }) => type === "progress")).toMatchObject([{ done: 1 }]);
    expect(Object.keys(events.find(({ type }) => type === "progress") ?? {})).not.toContain("total");
    expect(Object.keys(events.find(({ type }) => type === "progress") ?? {})).not.toContain("note");
  });

  test("of a listener that throws is a warning", async () => {
    const warned = new Promise<Error>((resolve) => process.once("warning", resolve));
    const onEvent = (event: PersistableEvent) => {
      if (event.type === "progress") throw new Error("the display broke down");
    };
    const counting = generating(
      ({ progress }) => {
        progress(1);
        return 1;
      },
      { onEvent },
    );
    expect(await counting.payload).toBe(1);
    expect((await warned).message).toBe("the display broke down");
  });

  test("stays out of the log file, and a logger gets its end and few of the rest", async () => {
    await using folder = await temporaryFolder();
    const calls = 200_000;
    const generate = ({ progress }: Context): number => {
      for (let done = 1; done <= calls; done++) progress(done, calls, "step");
      return calls;
    };
    await generating(generate, { dataDir: folder.path }).payload;
    expect(readFileSync(folder.join("generating.log"), "utf8")).not.toContain("step");
    const { lines, logger } = logging();
    await generating(generate, { logger }).payload;
    const progress = lines.filter((line) => line.startsWith("debug "));
    expect(progress[0]).toBe(`debug Generating generating payload: 1 of ${calls}, step`);
    expect(progress.at(-1)).toBe(`debug Generating generating payload: ${calls} of ${calls}, step`);
    expect(progress.length).toBeLessThan(calls / 100);
  });

  test("shows no secret", async () => {
    const { events, onEvent } = listening();
    const fetching = definePersistable({
      name: "fetching",
      params: typedParams<{ key: Secret<string> }>(),
      generate: ({ params, progress }) => {
        progress(1, 2, `asking with ${params.key.reveal()}`);
        return 1;
      },
      summarize: (_payload, { params }) => ({ [`with ${params.key.reveal()}`]: params.key.reveal(), n: 1 }),
    });
    const fetched = fetching({ key: secret("canary-4711") }, { dataDir: memoryStore(), onEvent });
    await fetched.payload;
    expect(events.find(({ type }) => type === "progress")).toMatchObject({ note: "asking with [secret]" });
    expect((await fetched.record())?.summary).toEqual({ "with [secret]": "[secret]", n: 1 });
  });
});

describe("cost", () => {
  test("is summed up by unit, recorded, told and logged", async () => {
    const { events, onEvent } = listening();
    const { lines, logger } = logging();
    const asking = generating(
      ({ cost }) => {
        cost({ usd: 0.1, tokens: 1000 });
        cost({ usd: 0.2, tokens: 800, calls: 0 });
        return "answer";
      },
      { onEvent, logger },
    );
    await asking.payload;
    const cost = { usd: 0.3, tokens: 1800, calls: 0 };
    expect((await asking.record())?.provenance.cost).toEqual(cost);
    expect(events.find(({ type }) => type === "generated")).toMatchObject({ cost });
    expect(lines.join("\n")).toMatch(/Generated generating payload in \d+ ms, for 0\.3 usd, 1800 tokens, 0 calls/);
  });

  test("is absent where none was told, and what is told too late has no effect", async () => {
    const { events, onEvent } = listening();
    let late: Context["cost"] = () => {};
    const free = generating(
      ({ cost }) => {
        late = cost;
        cost({});
        return 1;
      },
      { onEvent },
    );
    await free.payload;
    late({ usd: 1 });
    expect((await free.record())?.provenance).not.toHaveProperty("cost");
    expect(events.find(({ type }) => type === "generated")).not.toHaveProperty("cost");
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -1, "3", undefined, null, 3n])(
    "of %s is refused with its unit, and nothing of that call is counted",
    async (amount) => {
      const asking = generating(({ cost }) => {
        cost({ usd: 1 });
        expect(() => cost({ tokens: 5, usd: amount as number })).toThrow(TypeError);
        expect(() => cost({ tokens: 5, usd: amount as number })).toThrow(/^cost\(\{ usd: … \}\)/);
        return 1;
      });
      await asking.payload;
      expect((await asking.record())?.provenance.cost).toEqual({ usd: 1 });
    },
  );

  test("that is not caught fails the generation", async () => {
    await expect(generating(({ cost }) => cost({ usd: -1 })).payload).rejects.toThrow(/usd/);
    await expect(generating(({ cost }) => cost(3 as never)).payload).rejects.toThrow(TypeError);
  });

  test("has few units with short names, and no sum beyond numbers", async () => {
    await generating(({ cost }) => {
      for (let i = 0; i < 100; i++) cost({ [`unit ${i}`]: 1 });
      expect(() => cost({ another: 1 })).toThrow(/more than 100 units/);
      expect(() => cost({ ["x".repeat(101)]: 1 })).toThrow(/characters/);
      cost({ "unit 0": Number.MAX_VALUE });
      expect(() => cost({ "unit 0": Number.MAX_VALUE })).toThrow(/unit 0/);
    }).payload;
  });

  test("and seed are recorded by a later persist() too", async () => {
    const asking = generating(({ cost, seed }) => {
      cost({ usd: 1 });
      return seed;
    });
    const seed = await asking.generate({ persist: false });
    await asking.persist();
    expect((await asking.record())?.provenance).toMatchObject({ cost: { usd: 1 }, seed });
  });
});

describe("seed", () => {
  const seeded = (name: string, options: object = {}) =>
    definePersistable({
      name,
      params: typedParams<{ n: number; m: number; verbose?: boolean }>(),
      generate: ({ seed }) => seed,
      ...options,
    });
  const dataDir = memoryStore();
  const base = () => seeded("base")({ n: 100, m: 10 }, { dataDir }).payload;

  test("is the one that spec/seed.md works out", async () => {
    expect(await base()).toBe(3706754033);
  });

  test("stays the same under another name, version, and untracked value, and is recorded", async () => {
    const seed = await base();
    const renamed = seeded("renamed", { version: 7 })({ m: 10, n: 100, verbose: untracked(true) }, { dataDir });
    expect(await renamed.payload).toBe(seed);
    expect((await renamed.record())?.provenance.seed).toBe(seed);
    const late = seeded("late", { earlierDefaults: { verbose: false } })(
      { n: 100, m: 10, verbose: false },
      { dataDir },
    );
    expect(await late.payload).toBe(seed);
  });

  test("differs by params, by draw, by role, and by what is upstream", async () => {
    const upstream = seeded("upstream");
    const above = (role: string) =>
      definePersistable({
        name: "above",
        version: role,
        dependencies: { [role]: upstream },
        generate: ({ seed }) => seed,
      }) as (tree: object, options: object) => { payload: Promise<number> };
    const seeds = [
      await base(),
      await seeded("base")({ n: 101, m: 10 }, { dataDir }).payload,
      await seeded("base")({ n: 100, m: 10 }, { dataDir, draw: 1 }).payload,
      await above("train")({ train: { n: 1, m: 1 } }, { dataDir }).payload,
      await above("train")({ train: { n: 2, m: 1 } }, { dataDir }).payload,
      await above("train")({ train: upstream({ n: 1, m: 1 }, { dataDir, draw: 1 }) }, { dataDir }).payload,
      await above("test")({ test: { n: 1, m: 1 } }, { dataDir }).payload,
    ];
    expect(new Set(seeds).size).toBe(seeds.length);
    for (const seed of seeds) expect(seed).toBe(seed >>> 0);
  });

  test("is recorded only where it was read", async () => {
    const plain = generating(() => 1);
    await plain.payload;
    expect((await plain.record())?.provenance).not.toHaveProperty("seed");
  });

  test(`is worked out over a lineage of ${LINEAGE}`, async () => {
    class Link extends Persistable<number, Record<never, never>, { readonly upstream?: Link }> {
      static override readonly payloadName = "link";
      protected override generatePayload({ seed }: Context): number {
        return seed;
      }
    }
    const store = memoryStore();
    let last = new Link({ dataDir: store });
    for (let i = 1; i < LINEAGE; i++) last = new Link({ dataDir: store, dependencies: { upstream: last } });
    const seed = await last.generate({ persist: false });
    const above = new Link({ dataDir: store, dependencies: { upstream: last } });
    expect(await above.generate({ persist: false })).not.toBe(seed);
  });
});

describe("workDir", () => {
  test.each(["payload", "generate"] as const)("of %s is an empty folder, gone afterwards", async (way) => {
    const folders: string[] = [];
    const scratching = generating(({ workDir }) => {
      expect(path.isAbsolute(workDir)).toBe(true);
      expect(readdirSync(workDir)).toEqual([]);
      writeFileSync(path.join(workDir, "scratch"), "x");
      folders.push(workDir);
      return readdirSync(workDir);
    });
    expect(await (way === "payload" ? scratching.payload : scratching.generate())).toEqual(["scratch"]);
    await scratching.generate();
    expect(new Set(folders).size).toBe(2);
    expect(folders.filter((folder) => existsSync(folder))).toEqual([]);
  });

  test("is the same folder for as long as one generator runs", async () => {
    await generating(async (context) => {
      const first = context.workDir;
      await null;
      expect(context.workDir).toBe(first);
    }).payload;
  });

  test("is gone after a failure, and after an abort as soon as the generator is through", async () => {
    let folder = "";
    const failing = generating(({ workDir }) => {
      folder = workDir;
      throw new Error("no luck");
    });
    await expect(failing.payload).rejects.toThrow("no luck");
    expect(existsSync(folder)).toBe(false);

    const abort = new AbortController();
    let isThrough: Promise<unknown> = Promise.resolve();
    const slow = generating(({ workDir, signal }) => {
      folder = workDir;
      isThrough = new Promise((_, reject) => {
        signal.addEventListener("abort", () => setTimeout(() => reject(signal.reason), 5));
      });
      setTimeout(() => abort.abort(), 5);
      return isThrough;
    });
    await expect(slow.loadOrGenerate({ signal: abort.signal })).rejects.toThrow();
    expect(existsSync(folder)).toBe(true);
    await isThrough.catch(() => {});
    await expect.poll(() => existsSync(folder)).toBe(false);
  });

  test("that is first read when the generator is through is refused", async () => {
    let kept: Context | undefined;
    await generating((context) => {
      kept = context;
    }).payload;
    expect(() => kept?.workDir).toThrow(/first read after the generator had ended/);
  });

  test("goes with the process", async () => {
    await using folder = await temporaryFolder();
    await using child = startChild(await buildChild("test/persistable/generate-context-child.ts"), {
      dataDir: folder.path,
    });
    const { workDir } = await child.waitFor<{ workDir: string }>(() => true);
    expect(await child.ended).toBe(3);
    expect(path.basename(workDir)).toMatch(/^persistable-work-/);
    expect(existsSync(workDir)).toBe(false);
  });
});
