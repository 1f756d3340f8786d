import { mkdirSync, writeFileSync } from "node:fs";
import { expect, expectTypeOf, test } from "vitest";
import { definePersistable, json, type PersistableEvent, typedParams } from "../../src/entry/index.ts";
import { type RunEvent, run } from "../../src/entry/pipeline.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

type Shared = Extract<RunEvent["type"], PersistableEvent["type"]>;
type OfPersistable<Type extends Shared> = Extract<PersistableEvent, { type: Type }>;
type OfRun<Type extends Shared> = Extract<RunEvent, { type: Type }>;

test("an event of a run has what the event of a persistable has", () => {
  expectTypeOf<Shared>().toEqualTypeOf<
    "started" | "progress" | "waiting" | "takeover" | "corrupt" | "hit" | "generated" | "failed"
  >();
  expectTypeOf<OfRun<"started">>().toExtend<OfPersistable<"started">>();
  expectTypeOf<OfRun<"progress">>().toExtend<OfPersistable<"progress">>();
  expectTypeOf<OfRun<"waiting">>().toExtend<OfPersistable<"waiting">>();
  expectTypeOf<OfRun<"takeover">>().toExtend<OfPersistable<"takeover">>();
  expectTypeOf<OfRun<"corrupt">>().toExtend<OfPersistable<"corrupt">>();
  expectTypeOf<OfRun<"generated">>().toExtend<OfPersistable<"generated">>();
  expectTypeOf<OfRun<"failed">>().toExtend<OfPersistable<"failed">>();
  // A run looks for an artifact without loading it.
  expectTypeOf<OfRun<"hit">>().toExtend<Omit<OfPersistable<"hit">, "durationMs" | "alias">>();
});

test("a run relays what its persistables emit, and says itself how each node ends", async () => {
  await using folder = await temporaryFolder();
  const points = definePersistable({
    name: "points",
    params: typedParams<{ n: number }>(),
    format: json(),
    inlineBytes: 0,
    generate: ({ params, progress, cost }) => {
      progress(1, 2, "half");
      cost({ usd: 0.5 });
      return [params.n];
    },
  });
  const own: PersistableEvent[] = [];
  const seen: RunEvent[] = [];
  const target = points({ n: 1 }, { dataDir: folder.path, onEvent: (event) => own.push(event) });
  await run([target], {
    onEvent: (event) => {
      seen.push(event);
      // It was missing when the run was planned; now a damaged record is there.
      if (event.type !== "planned") return;
      mkdirSync(folder.join("points"));
      writeFileSync(folder.join("points", `${target.address}.json`), "{");
    },
  });

  expect(seen.map(({ type }) => type)).toEqual(["planned", "corrupt", "started", "progress", "generated", "finished"]);
  for (const type of ["corrupt", "started", "progress"] as const) {
    const emitted = own.find((event) => event.type === type);
    const relayed = seen.find((event) => event.type === type);
    expect(relayed).toMatchObject({ ...emitted, index: 0, runId: expect.any(String), atMs: expect.any(Number) });
  }
  const sizeBytes = Buffer.byteLength("[1]");
  expect(seen.find(({ type }) => type === "generated")).toMatchObject({ attempt: 1, cost: { usd: 0.5 }, sizeBytes });
});
