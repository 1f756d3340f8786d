import { readFileSync } from "node:fs";
import { expect, it, onTestFinished, vi } from "vitest";
import {
  definePersistable,
  type HookContext,
  type Logger,
  Persistable,
  type PersistableEvent,
} from "../../src/entry/index.ts";
import { persistableMap } from "../../src/entry/pipeline.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const numbers = definePersistable({ name: "numbers", generate: () => [1, 2] });

function collect(lines: string[]): Logger {
  const write = (message: string) => void lines.push(message);
  return { debug: write, info: write, warn: write, error: write };
}

it("has written the lines of a hit into the logger when it gives the payload", async () => {
  await using folder = await temporaryFolder();
  await numbers({}, { dataDir: folder.path }).payload;
  for (const take of ["payload", "load"] as const) {
    const lines: string[] = [];
    const hit = numbers({}, { dataDir: folder.path, logger: collect(lines) });
    await (take === "payload" ? hit.payload : hit.load());
    expect(lines[0]).toMatch(/NEW PERSISTABLE SESSION/);
    expect(lines.slice(1)).toEqual([
      ...(take === "load" ? ["Now loading numbers payload..."] : []),
      "Successfully loaded numbers payload",
    ]);
  }
});

it("calls the listener of a hit before anything else runs, and keeps the hit out of the log file", async () => {
  await using folder = await temporaryFolder();
  await numbers({}, { dataDir: folder.path }).payload;
  const before = readFileSync(folder.join("numbers.log"), "utf8");
  const events: PersistableEvent["type"][] = [];
  const hit = numbers({}, { dataDir: folder.path, onEvent: ({ type }) => void events.push(type) });
  const payload = hit.payload;
  expect(events).toEqual(["constructed", "hit"]);
  await payload;
  expect(readFileSync(folder.join("numbers.log"), "utf8")).toBe(before);
});

it("fails with the error of a logger", async () => {
  await using folder = await temporaryFolder();
  await numbers({}, { dataDir: folder.path }).payload;
  const fail = () => {
    throw new Error("no more paper");
  };
  const hit = numbers({}, { dataDir: folder.path, logger: { debug: fail, info: fail, warn: fail, error: fail } });
  await expect(hit.payload).rejects.toThrow("no more paper");
});

it("has written what a hook logs after a hit", async () => {
  await using folder = await temporaryFolder();
  const lines: string[] = [];
  class Checked extends Persistable<number> {
    static override readonly payloadName = "checked";
    protected override generatePayload(): number {
      return 1;
    }
    protected override validatePayload(_payload: number, { log }: HookContext<unknown, unknown>): void {
      log.info("looked at it");
    }
    protected override async postLoad(_payload: number, { log }: HookContext<unknown, unknown>): Promise<void> {
      log.info("took it");
    }
  }
  await new Checked({ dataDir: folder.path }).payload;
  await new Checked({ dataDir: folder.path, logger: collect(lines) }).payload;
  expect(lines.filter((line) => /ed at it|took/.test(line))).toEqual(["looked at it", "took it"]);
});

it("warns once for each name of a generator that gives undefined, and persists what it gave", async () => {
  await using folder = await temporaryFolder();
  const { path: dataDir } = folder;
  const warnings: string[] = [];
  const spy = vi.spyOn(process, "emitWarning").mockImplementation((warning) => void warnings.push(String(warning)));
  onTestFinished(() => spy.mockRestore());
  const forgets = definePersistable({ name: "forgets_return", generate: () => undefined });
  const means = definePersistable({ name: "means_null", generate: () => null });
  const items = persistableMap({
    name: "forgets_items",
    item: (n: number) => n,
    generateBatch: ({ items }) => items.map((n) => (n > 1 ? undefined : n)),
  });
  for (const draw of [0, 1]) await forgets({}, { dataDir, draw }).payload;
  await means({}, { dataDir }).payload;
  expect(await items({}, { dataDir }).load([1, 2, 3])).toEqual([1, undefined, undefined]);
  expect(warnings).toEqual([
    expect.stringMatching(/^The generator of forgets_return gave undefined.*write return null\.$/),
    expect.stringMatching(/^generateBatch of forgets_items gave undefined.*write return null\.$/),
  ]);
  expect(await forgets({}, { dataDir }).load()).toBeUndefined();
  expect(await items({}, { dataDir }).load([2])).toEqual([undefined]);
  expect(warnings).toHaveLength(2);
});
