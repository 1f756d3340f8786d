import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import {
  definePersistable,
  type HookContext,
  type Logger,
  Persistable,
  type PersistableEvent,
} from "../../src/entry/index.ts";
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
