import { afterAll, afterEach, describe, expect, test } from "vitest";
import type { ModelCallReport, ModelCallTask } from "../support/model-call-child.ts";
import { buildChild, startChild } from "../support/run-child.ts";
import { startModelServer } from "../support/servers/model-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const server = await startModelServer();
const child = await buildChild("test/support/model-call-child.ts");
afterAll(() => server[Symbol.asyncDispose]());
afterEach(() => {
  server.requests.length = 0;
  server.behave = () => ({});
});

const is =
  (...types: readonly string[]) =>
  (report: ModelCallReport): boolean =>
    types.includes(report.type);

/** A promise that the test keeps. */
function later(): { readonly promise: Promise<void>; keep(): void } {
  let keep = (): void => {};
  const promise = new Promise<void>((resolve) => {
    keep = resolve;
  });
  return { promise, keep };
}

describe.each([
  { kind: "a whole answer", isStreamed: false },
  { kind: "a stream", isStreamed: true },
])("two processes that ask for $kind at once", ({ isStreamed }) => {
  test("pay once: the second waits for the first, and replays its answer", async () => {
    await using folder = await temporaryFolder();
    const task: ModelCallTask = { dataDir: folder.path, url: server.url, isStreamed };
    const answer = later();
    server.behave = () => ({ text: "Because of Rayleigh.", until: answer.promise });
    await using first = startChild(child, task);
    await first.waitFor(is(isStreamed ? "part" : "started"));
    await using second = startChild(child, task);
    await second.waitFor(is("waiting"));
    answer.keep();
    const ends = await Promise.all([first, second].map((process) => process.waitFor<ModelCallReport>(is("end"))));
    expect(ends.map(({ source }) => source)).toEqual(["model", "flight"]);
    expect(ends[1]?.text).toBe(ends[0]?.text);
    expect(ends[0]?.text).toContain("Because of Rayleigh.");
    expect(server.requests.length).toBe(1);
  });

  test("get an answer although the first one is killed before its end, and pay for one more", async () => {
    await using folder = await temporaryFolder();
    const task: ModelCallTask = { dataDir: folder.path, url: server.url, isStreamed };
    const never = later();
    server.behave = (_request, number) => (number === 1 ? { until: never.promise } : {});
    await using first = startChild(child, task);
    await first.waitFor(is(isStreamed ? "part" : "started"));
    await using second = startChild(child, task);
    await second.waitFor(is("waiting"));
    first.kill("SIGKILL");
    const { text, source } = await second.waitFor<ModelCallReport>(is("end"));
    expect([source, server.requests.length]).toEqual(["model", 2]);
    expect(text).toContain("answer 2 to m1");
    await using third = startChild(child, task);
    expect(await third.waitFor<ModelCallReport>(is("end"))).toMatchObject({ source: "store", text });
    expect(server.requests.length).toBe(2);
    never.keep();
  });
});
