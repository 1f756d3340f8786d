import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import {
  definePersistable,
  memoryStore,
  type PersistableEvent,
  type Store,
  type StorePath,
  typedParams,
} from "../../src/entry/index.ts";
import { diff, plan, run } from "../../src/entry/pipeline.ts";
import { blankedText, visibleLine, visibleText } from "../../src/errors/visible-text.ts";
import { COVERED_START } from "../../src/record/layout.ts";
import { sha256Hex } from "../../src/util/digest/sha256.ts";

const ODD = "a\u001b[2J\u0007\u009b\u202eb\u2066\u200fc\u2028d\u200b\u00ad\ufeff\r\ud800";
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
const MOVES = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;

test("everything unseen is written out, and letters, marks, emoji and line breaks stay", () => {
  expect(visibleText(ODD)).toBe(
    "a\\u001b[2J\\u0007\\u009b\\u202eb\\u2066\\u200fc\\u2028d\\u200b\\u00ad\\ufeff\\r\\ud800",
  );
  const kept = "é e\u0301 क्‍ष 👩‍👩‍👧 🇩🇪 \t日本\nb\r\nc";
  expect(visibleText(kept)).toBe(kept);
  expect(visibleLine("a\nb\r\nc\td")).toBe("a\\nb\\r\\nc\td");
  expect(blankedText("a\nb\u001b[31m")).toBe("a\ufffdb\ufffd[31m");
});

/** Half a surrogate pair is refused in params, since an address could not tell it apart. */
const TEXT = ODD.slice(0, -1);

const made = definePersistable({
  name: `odd ${TEXT}\nname`,
  params: typedParams<Record<string, unknown>>(),
  generate: ({ params, log, cost, progress }) => {
    if (params.fails === true) throw new Error(`no ${TEXT}.`);
    log.warn(`warned ${TEXT}`);
    cost({ [`unit ${TEXT}`]: 1 });
    progress(1, 2, `note ${TEXT}`);
    return 1;
  },
});

describe("a name, a param, a unit or an error with control characters", () => {
  test("moves no cursor in any message, event, log line, plan or difference", async () => {
    const dataDir = memoryStore();
    const shown: string[] = [];
    const logger = Object.fromEntries(
      ["debug", "info", "warn", "error"].map((level) => [level, (message: string) => void shown.push(message)]),
    ) as unknown as Console;
    const onEvent = ({ name: _, ...event }: PersistableEvent): void =>
      void shown.push(...Object.values(event).filter((value) => typeof value === "string"));
    const build = (params: Record<string, unknown>) => made(params, { dataDir, logger, onEvent });
    const one = build({ [`key ${TEXT}`]: TEXT });
    await one.payload;
    const other = build({ [`key ${TEXT}`]: `${TEXT}2`, fails: true });
    const errors = await Promise.all([
      other.load().catch((error: unknown) => error),
      other.persist().catch((error: unknown) => error),
      run(other, { handleSignals: false }).catch((error: unknown) => error),
    ]);
    for (const error of errors) shown.push((error as Error).message, String((error as Error).stack));
    shown.push(
      String(await plan(other)),
      String(await diff(one, other)),
      inspect(one),
      inspect((await plan(other)).nodes[0]),
    );
    expect(shown.filter((text) => MOVES.test(text))).toEqual([]);
    expect(shown.filter((text) => text.includes("\\u001b[2J")).length).toBeGreaterThan(10);
    // A name with a line break is on one line.
    expect((errors[0] as Error).message).not.toContain("\n");
  });
});

describe("a record whose checksum is right", () => {
  const simple = definePersistable({
    name: "simple",
    params: typedParams<{ n: number }>(),
    inlineBytes: 0,
    generate: ({ params }) => params.n,
  });

  async function forged(change: (provenance: Record<string, unknown>) => string | object): Promise<Store> {
    const store = memoryStore();
    const made = simple({ n: 1 }, { dataDir: store });
    await made.payload;
    const path = `simple/${made.address}.json` as StorePath;
    const text = Buffer.from((await store.read(path)) ?? []).toString();
    const { provenance } = JSON.parse(text);
    const changed = change(provenance);
    const inserted = typeof changed === "string" ? changed : JSON.stringify(changed);
    const next = text.replace(/"provenance": \{.*?\n {2}\}/s, () => `"provenance": ${inserted}`);
    const covered = Buffer.from(next).subarray(COVERED_START);
    const bytes = Buffer.from(next.replace(/[0-9a-f]{64}/, sha256Hex(covered)));
    await store.replace(path, [bytes], { durable: false });
    return store;
  }

  test("is believed where nothing is wrong", async () => {
    const store = await forged((provenance) => ({ ...provenance, durationMs: 90_000 }));
    expect((await simple({ n: 1 }, { dataDir: store }).record())?.provenance.durationMs).toBe(90_000);
    expect(String(await plan(simple({ n: 2 }, { dataDir: store })))).toContain("2 min of generating");
  });

  test.each<[string, (provenance: Record<string, unknown>) => string | object]>([
    ["a duration that is text", (provenance) => ({ ...provenance, durationMs: "long" })],
    ["a duration below none", (provenance) => ({ ...provenance, durationMs: -1 })],
    [
      "a duration without an end",
      (provenance) => JSON.stringify({ ...provenance, durationMs: 5 }).replace(/"durationMs":5/, '"durationMs":1e999'),
    ],
    ["a duration beyond all time", (provenance) => ({ ...provenance, durationMs: 1e300 })],
    ["a time that is none", (provenance) => ({ ...provenance, createdAt: "yesterday" })],
    ["no time", ({ createdAt: _, ...provenance }) => provenance],
    ["a host that is a list", (provenance) => ({ ...provenance, host: ["a"] })],
    ["packages that are text", (provenance) => ({ ...provenance, packages: "a" })],
    ["a version that is a number", (provenance) => ({ ...provenance, packages: { a: 1 } })],
    ["half a commit", (provenance) => ({ ...provenance, git: { commit: "a" } })],
    ["a process that is text", (provenance) => ({ ...provenance, pid: "1" })],
  ])("is damaged with %s, and a plan says nothing of it", async (_, change) => {
    const store = await forged(change);
    await expect(simple({ n: 1 }, { dataDir: store }).record()).rejects.toMatchObject({
      code: "PERSISTABLE_CORRUPT_ARTIFACT",
      message: expect.stringContaining("provenance"),
    });
    const planned = String(await plan(simple({ n: 2 }, { dataDir: store })));
    expect(planned).not.toMatch(/NaN|Infinity|undefined/);
    expect(planned).toContain("nothing is known of simple");
  });
});
