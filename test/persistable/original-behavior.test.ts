import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import {
  DefinitionError,
  definePersistable,
  type HookContext,
  InvalidPayloadError,
  NoPayloadError,
  NotPersistedError,
  Persistable,
  typedParams,
} from "../../src/entry/index.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** The behavior of Python persistable 1.3.1, one test for each. */

interface PointsParams {
  readonly n: number;
  readonly offset: number;
}

/** Records the order in which its hooks run. */
class TracedPoints extends Persistable<number[], PointsParams> {
  static override readonly payloadName = "traced_points";
  readonly calls: string[] = [];
  valid = true;
  failure: Error | undefined;
  lastUntracked: unknown;

  protected override generatePayload({ untracked }: HookContext<PointsParams, Record<never, never>>): number[] {
    this.calls.push("generatePayload");
    this.lastUntracked = untracked;
    if (this.failure) throw this.failure;
    return Array.from({ length: this.params.n }, (_, i) => i + this.params.offset);
  }
  protected override validatePayload(
    payload: number[],
    { untracked }: HookContext<PointsParams, Record<never, never>>,
  ): void {
    this.calls.push("validatePayload");
    this.lastUntracked = untracked;
    if (!this.valid) throw new InvalidPayloadError(`not these ${payload.length} points`);
  }
  protected override postLoad(
    _payload: number[],
    { untracked }: HookContext<PointsParams, Record<never, never>>,
  ): void {
    this.calls.push("postLoad");
    this.lastUntracked = untracked;
  }
  protected override postGenerate(
    _payload: number[],
    { untracked }: HookContext<PointsParams, Record<never, never>>,
  ): void {
    this.calls.push("postGenerate");
    this.lastUntracked = untracked;
  }
}

const params = { n: 3, offset: 1 };

describe("constructor", () => {
  test("takes the payload name of the class, or the one that it is given", async () => {
    await using folder = await temporaryFolder();
    expect(new TracedPoints({ dataDir: folder.path, params }).name).toBe("traced_points");
    expect(new TracedPoints({ dataDir: folder.path, params, name: "other" }).name).toBe("other");
  });

  test("unlike the original takes no name from the class, which a build may rename", async () => {
    await using folder = await temporaryFolder();
    class HTTPPages extends TracedPoints {}
    expect(() => new HTTPPages({ dataDir: folder.path, params })).toThrow(DefinitionError);
    expect(() => new HTTPPages({ dataDir: folder.path, params })).toThrow(
      /The class HTTPPages has no payloadName of its own\. .*payloadName = "http_pages".*minif/,
    );
    expect(() => new (class extends TracedPoints {})({ dataDir: folder.path, params })).toThrow(/payloadName/);
    expect(new HTTPPages({ dataDir: folder.path, params, name: "pages" }).name).toBe("pages");
  });

  test("reads nothing, and unlike the original makes no folder", async () => {
    await using folder = await temporaryFolder();
    const points = new TracedPoints({ dataDir: folder.join("data"), params });
    expect(points.calls).toEqual([]);
    expect(existsSync(folder.join("data"))).toBe(false);
  });

  test("keeps params and dependencies", async () => {
    await using folder = await temporaryFolder();
    const points = new TracedPoints({ dataDir: folder.path, params });
    expect(points.params).toEqual({ n: 3, offset: 1 });
    expect(points.dependencies).toEqual({});
  });
});

describe("generate", () => {
  test("runs the generator, then validates, persists, and runs the post-generate hook", async () => {
    await using folder = await temporaryFolder();
    const points = new TracedPoints({ dataDir: folder.path, params });
    expect(await points.generate({ untracked: { note: "x" } })).toEqual([1, 2, 3]);
    expect(points.calls).toEqual(["generatePayload", "validatePayload", "postGenerate"]);
    expect(points.lastUntracked).toEqual({ note: "x" });
    expect(await points.isPersisted()).toBe(true);
  });

  test("writes nothing when told not to persist", async () => {
    await using folder = await temporaryFolder();
    const points = new TracedPoints({ dataDir: folder.path, params });
    await points.generate({ persist: false });
    expect(await points.isPersisted()).toBe(false);
    expect(await points.payload).toEqual([1, 2, 3]);
    expect(points.calls).toEqual(["generatePayload", "validatePayload", "postGenerate"]);
    await points.persist();
    expect(await points.isPersisted()).toBe(true);
  });

  test("a failing generator leaves the earlier payload in place and writes nothing", async () => {
    await using folder = await temporaryFolder();
    const points = new TracedPoints({ dataDir: folder.path, params });
    await points.generate({ persist: false });
    points.failure = new Error("out of points");
    await expect(points.generate()).rejects.toThrow("out of points");
    expect(await points.payload).toEqual([1, 2, 3]);
    expect(await points.isPersisted()).toBe(false);
  });

  test("a failing validator leaves the earlier payload in place and writes nothing", async () => {
    await using folder = await temporaryFolder();
    const points = new TracedPoints({ dataDir: folder.path, params });
    await points.generate({ persist: false });
    points.valid = false;
    await expect(points.generate()).rejects.toThrow(InvalidPayloadError);
    expect(await points.payload).toEqual([1, 2, 3]);
    expect(await points.isPersisted()).toBe(false);
  });

  test("takes the place of an artifact that is there", async () => {
    await using folder = await temporaryFolder();
    let round = 0;
    const counter = definePersistable({ name: "counter", generate: () => ({ round: ++round }) });
    await counter({}, { dataDir: folder.path }).generate();
    await counter({}, { dataDir: folder.path }).generate();
    expect(await counter({}, { dataDir: folder.path }).load()).toEqual({ round: 2 });
    expect((await readdir(folder.join("counter"))).length).toBe(1);
  });
});

describe("persist", () => {
  test("writes the payload and a record with the params tree", async () => {
    await using folder = await temporaryFolder();
    const points = new TracedPoints({ dataDir: folder.path, params });
    await points.generate();
    const record = JSON.parse(readFileSync(folder.join("traced_points", `${points.address}.json`), "utf8"));
    expect(record).toMatchObject({ name: "traced_points", params: { n: 3, offset: 1 }, address: points.address });
  });

  test("without a payload is an error", async () => {
    await using folder = await temporaryFolder();
    const points = new TracedPoints({ dataDir: folder.path, params });
    await expect(points.persist()).rejects.toThrow(NoPayloadError);
  });
});

describe("load", () => {
  test("reads, validates, then runs the post-load hook", async () => {
    await using folder = await temporaryFolder();
    await new TracedPoints({ dataDir: folder.path, params }).generate();
    const points = new TracedPoints({ dataDir: folder.path, params });
    expect(await points.load({ untracked: { note: "y" } })).toEqual([1, 2, 3]);
    expect(points.calls).toEqual(["validatePayload", "postLoad"]);
    expect(points.lastUntracked).toEqual({ note: "y" });
  });

  test("of an invalid payload is an error, and the earlier payload stays", async () => {
    await using folder = await temporaryFolder();
    const points = new TracedPoints({ dataDir: folder.path, params });
    await points.generate();
    points.valid = false;
    await expect(points.load()).rejects.toThrow(InvalidPayloadError);
    expect(points.calls.at(-1)).toBe("validatePayload");
    expect(await points.payload).toEqual([1, 2, 3]);
  });

  test("of an invalid payload with warnIfInvalid warns, logs, and keeps the payload", async () => {
    await using folder = await temporaryFolder();
    await new TracedPoints({ dataDir: folder.path, params }).generate();
    const warning = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const points = new TracedPoints({ dataDir: folder.path, params });
    points.valid = false;
    expect(await points.load({ warnIfInvalid: true })).toEqual([1, 2, 3]);
    expect(warning).toHaveBeenCalledWith(
      expect.stringContaining("not these 3 points"),
      expect.objectContaining({ type: "InvalidPayloadWarning" }),
    );
    warning.mockRestore();
    stderr.mockRestore();
    expect(readFileSync(folder.join("traced_points.log"), "utf8")).toMatch(
      /load - WARNING - Loaded payload is invalid/,
    );
    expect(points.calls).toEqual(["validatePayload", "postLoad"]);
  });

  test("without an artifact is an error", async () => {
    await using folder = await temporaryFolder();
    await expect(new TracedPoints({ dataDir: folder.path, params }).load()).rejects.toThrow(NotPersistedError);
  });
});

describe("loadOrGenerate", () => {
  test("generates what is not there, and loads it afterwards", async () => {
    await using folder = await temporaryFolder();
    const first = new TracedPoints({ dataDir: folder.path, params });
    await first.loadOrGenerate();
    expect(first.calls).toEqual(["generatePayload", "validatePayload", "postGenerate"]);
    const second = new TracedPoints({ dataDir: folder.path, params });
    await second.loadOrGenerate();
    expect(second.calls).toEqual(["validatePayload", "postLoad"]);
  });

  test("generates only where the artifact is missing, not where loading fails", async () => {
    await using folder = await temporaryFolder();
    await new TracedPoints({ dataDir: folder.path, params }).generate();
    const points = new TracedPoints({ dataDir: folder.path, params });
    points.valid = false;
    await expect(points.loadOrGenerate()).rejects.toThrow(InvalidPayloadError);
    expect(points.calls).toEqual(["validatePayload"]);
  });
});

describe("payload", () => {
  test("generates and persists on first access, and stays in memory", async () => {
    await using folder = await temporaryFolder();
    const points = new TracedPoints({ dataDir: folder.path, params });
    expect(await points.payload).toEqual([1, 2, 3]);
    expect(await points.payload).toBe(await points.payload);
    expect(points.calls).toEqual(["generatePayload", "validatePayload", "postGenerate"]);
    expect(await points.isPersisted()).toBe(true);
  });

  test("is forgotten by resetPayload", async () => {
    await using folder = await temporaryFolder();
    const points = new TracedPoints({ dataDir: folder.path, params });
    await points.payload;
    points.resetPayload();
    await expect(points.validate()).rejects.toThrow(NoPayloadError);
    await points.payload;
    expect(points.calls).toEqual(["generatePayload", "validatePayload", "postGenerate", "validatePayload", "postLoad"]);
  });

  test("of a dependency is loaded when the generator first asks for it", async () => {
    await using folder = await temporaryFolder();
    const asked: string[] = [];
    const upstream = definePersistable({
      name: "upstream",
      generate: () => {
        asked.push("upstream");
        return 1;
      },
    });
    const lazy = definePersistable({
      name: "lazy",
      params: z.object({ ask: z.boolean() }),
      dependencies: { upstream },
      generate: async ({ params, dependencies }) => (params.ask ? await dependencies.upstream.payload : 0),
    });
    expect(await lazy({ ask: false }, { dataDir: folder.path }).payload).toBe(0);
    expect(asked).toEqual([]);
    expect(await lazy({ ask: true }, { dataDir: folder.path }).payload).toBe(1);
    expect(asked).toEqual(["upstream"]);
  });
});

describe("validate", () => {
  test("checks the payload in memory, or a given one", async () => {
    await using folder = await temporaryFolder();
    const points = new TracedPoints({ dataDir: folder.path, params });
    await expect(points.validate()).rejects.toThrow(NoPayloadError);
    await points.validate([1]);
    await points.generate();
    await points.validate();
    points.valid = false;
    await expect(points.validate()).rejects.toThrow("not these 3 points");
    await expect(points.validate([1])).rejects.toThrow("not these 1 points");
  });
});

describe("params tree and address", () => {
  const leaf = definePersistable({
    name: "leaf",
    params: typedParams<{ a: number }>(),
    generate: ({ params }) => params.a,
  });
  const middle = definePersistable({
    name: "middle",
    params: typedParams<{ b: number }>(),
    dependencies: { leaf },
    generate: ({ params }) => params.b,
  });
  const top = definePersistable({
    name: "top",
    params: typedParams<{ c: number }>(),
    dependencies: { middle },
    generate: ({ params }) => params.c,
  });

  test("the params tree has several levels, and builds the same recipe again", () => {
    const persistable = top({ c: 3, middle: { b: 2, leaf: { a: 1 } } });
    expect(persistable.paramsTree).toEqual({ c: 3, middle: { b: 2, leaf: { a: 1 } } });
    expect(top(persistable.paramsTree as never).address).toBe(persistable.address);
  });

  test("the address changes with name, params and dependencies, and comes back with them", () => {
    const base = middle({ b: 2, leaf: { a: 1 } }).address;
    const renamed = definePersistable({
      name: "renamed",
      params: typedParams<{ b: number }>(),
      dependencies: { leaf },
      generate: ({ params }) => params.b,
    });
    expect(middle({ b: 3, leaf: { a: 1 } }).address).not.toBe(base);
    expect(middle({ b: 2, leaf: { a: 2 } }).address).not.toBe(base);
    expect(renamed({ b: 2, leaf: { a: 1 } }).address).not.toBe(base);
    expect(middle({ leaf: { a: 1 }, b: 2 }).address).toBe(base);
  });

  test("permuted parameters give the same address (the original's skipped test)", () => {
    const wide = definePersistable({ name: "wide", params: typedParams<Record<string, number>>(), generate: () => 0 });
    expect(wide({ x: 1, y: 2, z: 3 }).address).toBe(wide({ z: 3, y: 2, x: 1 }).address);
  });
});

describe("log file", () => {
  test("has the original's lines, on generating and persisting", async () => {
    await using folder = await temporaryFolder();
    const points = new TracedPoints({ dataDir: folder.path, params });
    await points.generate();
    const lines = readFileSync(folder.join("traced_points.log"), "utf8").trimEnd().split("\n");
    expect(
      lines.every((line) =>
        /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - traced_points - \w+ - (INFO|WARNING|ERROR) - ./.test(line),
      ),
    ).toBe(true);
    expect(lines.map((line) => line.split(" - ").slice(2).join(" - "))).toEqual([
      expect.stringContaining(`constructor - INFO - ---- NEW PERSISTABLE SESSION ---- (`),
      `constructor - INFO - Payload named \`traced_points\`; Parameters set to \`{ n: 3, offset: 1 }\`; Record file (named by the address) is \`traced_points/${points.address}.json\``,
      "generate - INFO - Now generating traced_points payload...",
      expect.stringMatching(/^generate - INFO - Generated traced_points payload in \d+ ms$/),
      `persist - INFO - Successfully persisted payload to traced_points/${points.address}.json.`,
    ]);
  });

  test("is not written by hits", async () => {
    await using folder = await temporaryFolder();
    await new TracedPoints({ dataDir: folder.path, params }).generate();
    writeFileSync(folder.join("traced_points.log"), "");
    await new TracedPoints({ dataDir: folder.path, params }).payload;
    await new TracedPoints({ dataDir: folder.path, params }).load();
    expect(readFileSync(folder.join("traced_points.log"), "utf8")).toBe("");
  });
});
