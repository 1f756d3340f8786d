import { readdirSync, symlinkSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildProgram } from "../support/build-program.ts";
import { startChild } from "../support/run-child.ts";
import { CREDENTIALS, createBucket, startMoto } from "../support/servers/s3-servers.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { doubled } from "./worker-definitions-module.ts";

const moto = await startMoto();
afterAll(() => moto?.[Symbol.asyncDispose]());

let program: string;
let programFolder: TemporaryFolder;

beforeAll(async () => {
  programFolder = await temporaryFolder();
  symlinkSync(path.resolve("node_modules"), programFolder.join("node_modules"), "junction");
  program = await buildProgram(programFolder.path, [
    "test/persistable/worker-child.ts",
    "test/persistable/worker-definitions-module.ts",
  ]);
  return () => programFolder[Symbol.asyncDispose]();
});

/** Runs a scenario in a program of its own, which has to end by itself, and returns its report. */
async function play(
  scenario: string,
  { nodeArgs = [], look }: { nodeArgs?: readonly string[]; look?: (dataDir: string) => Promise<void> } = {},
): Promise<unknown> {
  await using folder = await temporaryFolder();
  await using child = startChild(program, { scenario, dataDir: folder.path }, { nodeArgs });
  const code = await child.ended;
  expect({ code, complaints: child.complaints }).toEqual({ code: 0, complaints: "" });
  expect(leftIn(folder.path)).toEqual([]);
  await look?.(folder.path);
  return child.told[0];
}

/** Claims, and files that are not finished. */
function leftIn(dataDir: string): string[] {
  const files = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map((file) => `${file.parentPath}/${file.name}`).filter((file) => /leases|\/tmp\/[^/]*~/.test(file));
}

describe.concurrent("a generator on a worker thread", () => {
  test("hears that it waits for itself, on one thread or by way of two", async () => {
    expect(await play("circular")).toEqual([
      { code: "PERSISTABLE_CIRCULAR_WAIT", message: expect.stringMatching(/^asks_itself .* → asks_itself /) },
      {
        code: "PERSISTABLE_CIRCULAR_WAIT",
        message: expect.stringMatching(/^asks_back .* → asks_worker .* → asks_back /),
      },
    ]);
  });

  test("knows where the files and folders lie that are params, and whether they have changed", async () => {
    expect(await play("inputs")).toEqual({
      made: { text: "1,2", folders: ["read"], isMainThread: false },
      changed: expect.stringMatching(/a\.csv has changed since it was made a parameter/),
    });
  });

  test("gives what it gives elsewhere, loads its dependencies from the store, and the process ends by itself", async () => {
    const look = async (dataDir: string): Promise<void> => {
      const { values } = await doubled({ upstream: { n: 5 } }, { dataDir }).load();
      expect(values).toEqual(Float64Array.of(0, 2, 4, 6, 8));
    };
    expect(await play("equal", { look })).toEqual({
      values: [0, 2, 4, 6, 8],
      bytes: [1, 2, 3],
      isMainThread: false,
      seed: expect.any(Number),
      reloaded: [0, 2, 4, 6, 8],
      tripled: "6 km false",
      seedIsRecorded: true,
    });
  });

  test.skipIf(moto === undefined)("works in a bucket that its URL opens", async () => {
    Object.assign(process.env, CREDENTIALS.s3rver);
    const endpoint = moto?.url ?? "";
    const dataDir = `s3://${await createBucket(endpoint)}/team?endpoint=${encodeURIComponent(endpoint)}`;
    await using child = startChild(program, { scenario: "equal", dataDir });
    expect(await child.ended, child.complaints).toBe(0);
    expect(child.told).toEqual([
      expect.objectContaining({ values: [0, 2, 4, 6, 8], reloaded: [0, 2, 4, 6, 8], isMainThread: false }),
    ]);
  });

  test("does not lose what could not be published: an array, a file, a folder", async () => {
    const text = "made on a worker thread";
    expect(await play("obstructed")).toEqual({
      seen: [
        [expect.stringMatching(/^PERSISTABLE_/), true, [1, 2, 3], [1, 2, 3], "1", false],
        [expect.stringMatching(/^PERSISTABLE_/), true, text, text, "1", false],
        [expect.stringMatching(/^PERSISTABLE_/), true, text, text, "1", false],
      ],
      cost: { usd: 4 },
    });
  });

  test("does not lose what could not be decoded on its way", async () => {
    expect(await play("undecodable")).toEqual(["PERSISTABLE_CLASS_CODEC", 1, 1]);
  });

  test("warns once where it gives undefined", async () => {
    expect(await play("forgetful", { nodeArgs: ["--no-warnings"] })).toEqual({
      kinds: ["undefined", "undefined"],
      warnings: [expect.stringMatching(/^The generator of forgetful gave undefined.*write return null/)],
    });
  });

  test("hands over a big typed array without a copy", async () => {
    expect(await play("moved")).toEqual({ sizeBytes: 16_000_000, leftBytes: 0 });
  });

  test("fails, and does not give an empty array, where it returns an array again that was moved", async () => {
    expect(await play("kept")).toEqual({
      first: 4,
      second: ["TypeError", expect.stringMatching(/let it return a copy/)],
    });
  });

  test("tells progress, cost and log lines, and has a scratch folder of its own", async () => {
    const { events, ...rest } = (await play("talkative")) as { events: { type: string }[] };
    expect(events).toContainEqual(expect.objectContaining({ type: "progress", done: 1, total: 2, note: "half" }));
    expect(rest).toEqual({ cost: { usd: 0.75, tokens: 10 }, hasWorkDir: false, isLogged: true });
  });

  test("is stopped in the middle of an endless loop, its scratch folder removed, and others still run", async () => {
    expect(await play("endless")).toEqual({
      message: "enough",
      hadWorkDir: true,
      hasWorkDir: false,
      afterwards: -1,
    });
  });

  test("that waits for a thread gets one when those that took them all are stopped", async () => {
    expect(await play("crowd")).toEqual({ messages: ["enough"], last: -1 });
  });

  test("that heeds its signal keeps its thread", async () => {
    expect(await play("heeding")).toEqual({ isReason: true, sameThread: 56 });
  });

  test("that brings its thread down fails alone", async () => {
    expect(await play("crash")).toEqual({
      exited: [true, 3],
      thrown: [true, "TypeError", "nobody catches this"],
      lengths: [1, 2, 3, 4, 5, 6],
      afterwards: expect.any(Number),
    });
  });

  test("that uses up the memory of its thread fails alone", async () => {
    expect(await play("hungry", { nodeArgs: ["--max-old-space-size=64"] })).toEqual([
      "WorkerCrashedError",
      "ERR_WORKER_OUT_OF_MEMORY",
      -1,
    ]);
  });

  test("fails with the error that it threw: name, message, code, own fields, stack and cause", async () => {
    expect(await play("failing")).toEqual({
      name: "DiskFull",
      message: "the disk is full",
      code: "E_DISK",
      freeBytes: 12,
      isRange: true,
      hasStack: true,
    });
  });

  test("is given and gives what structured clone would change: instances, buffers, parts of buffers, urls, secrets", async () => {
    expect(await play("exact")).toEqual({
      price: [true, 6],
      salt: [true, "salt"],
      part: [2, 3],
      rest: ["example.org", 20, [1, [2]]],
      since: "1970-01-01T00:00:00.000Z",
      isFound: true,
      files: true,
    });
  });

  test("computes while another one computes", async () => {
    expect(await play("meeting")).toBe(true);
  });

  test("may be that of a class which says its module", async () => {
    expect(await play("class")).toBe("2 of 3, false");
  });

  test("generates a missing dependency that asks for a worker on its own thread", async () => {
    expect(await play("nested")).toBe(4);
  });

  test("shares a missing dependency with those on other threads, which is generated once", async () => {
    expect(await play("once")).toBe(1);
  });

  test("is refused with the remedy: defined in the main script, not exported, a store in memory, a function as a param", async () => {
    expect(await play("refused")).toEqual([
      {
        isRight: true,
        code: "PERSISTABLE_WORKER_MODULE",
        message: expect.stringMatching(/the script that was started.*module of its own and export it/s),
      },
      {
        isRight: true,
        code: "PERSISTABLE_WORKER_MODULE",
        message: expect.stringMatching(/exports no definition of hidden.*Export it there/s),
      },
      {
        isRight: true,
        code: "PERSISTABLE_UNSHAREABLE",
        message: expect.stringMatching(/^The store memory:.*a folder or a URL as dataDir/s),
      },
      { isRight: true, code: "PERSISTABLE_UNSHAREABLE", message: expect.stringMatching(/^params\.call is a function/) },
    ]);
  });
});
