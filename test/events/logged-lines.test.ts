import { expect, test } from "vitest";
import { definePersistable, type Logger, memoryStore, secret, typedParams } from "../../src/entry/index.ts";
import { type RunEvent, run, watchRun } from "../../src/entry/pipeline.ts";

type LogEvent = Extract<RunEvent, { type: "log" }>;

function isLog(event: RunEvent): event is LogEvent {
  return event.type === "log";
}

test("a run tells what generators write with `log`, without secrets, and its journal keeps it", async () => {
  const asked = definePersistable({
    name: "asked",
    params: typedParams<{ n: number; key: unknown }>(),
    generate: ({ params, log }) => {
      log.warn(`asks with hunter2hunter2 \u001b[2J`, { key: "hunter2hunter2" });
      log.debug("done");
      return params.n;
    },
  });
  const dataDir = memoryStore();
  const logged: string[] = [];
  const write = (message: string) => void logged.push(message);
  const logger: Logger = { debug: write, info: write, warn: write, error: write };
  const events: RunEvent[] = [];
  const target = asked({ n: 1, key: secret("hunter2hunter2") }, { dataDir, logger });
  const { runId } = await run(target, { onEvent: (event) => events.push(event) });
  const [told, ...others] = events.filter(isLog);
  expect(others).toEqual([]);
  expect(told).toMatchObject({ name: "asked", address: target.address, index: 0 });
  expect(told?.lines.map(({ level }) => level)).toEqual(["warn", "debug"]);
  expect(JSON.stringify(told)).not.toContain("hunter2");
  expect(told?.lines[0]?.message).toMatch(/^asks with .*\\u001b\[2J$/);
  // The logger gets every line as before.
  expect(logged.filter((line) => line.startsWith("asks with") || line === "done").length).toBe(2);
  const kept: RunEvent[] = [];
  for await (const { event } of watchRun(dataDir, runId)) kept.push(event);
  expect(kept.filter(isLog)).toEqual([told]);
});

test("lines that come fast travel together, and those that are too many are counted", async () => {
  let goOn = (): void => {};
  const isTold = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  let writeLater = (): void => {};
  const wordy = definePersistable({
    name: "wordy",
    params: typedParams<{ n: number }>(),
    generate: async ({ log }) => {
      log.info("first");
      await isTold;
      for (let i = 0; i < 1000; i++) log.info("x".repeat(99));
      writeLater = () => log.info("too late");
      return 1;
    },
  });
  const told: LogEvent[] = [];
  const onEvent = (event: RunEvent): void => {
    if (!isLog(event)) return;
    told.push(event);
    goOn();
  };
  await run(wordy({ n: 1 }, { dataDir: memoryStore(), log: false }), { onEvent });
  writeLater();
  expect(told.map(({ lines }) => lines.length)).toEqual([1, 41]);
  expect(told[0]?.lines).toEqual([{ level: "info", message: "first" }]);
  expect(told[1]?.omitted).toBe(1000 - 41);
});
