import { type EngineCase, EngineRig, type EngineSubject } from "./engine-case.ts";
import { endingCases } from "./engine-ending-cases.ts";
import { queueCases } from "./engine-queue-cases.ts";
import { workerCases } from "./engine-worker-cases.ts";
import type { TestRunner } from "./store-conformance.ts";

const groups: Readonly<Record<string, readonly EngineCase[]>> = {
  queueing: queueCases,
  ending: endingCases,
  workers: workerCases,
};

/**
 * Proves an engine of your own: every promise of `Engine`, as tests of your test runner. What a run
 * makes of an engine, such as retries and the order of nodes, is not part of it.
 *
 * @example
 * ```ts
 * import { bullmq } from "persistable-ts/engines/bullmq";
 * import { engineConformance } from "persistable-ts/testing";
 * import { describe, it } from "vitest";
 *
 * engineConformance({ describe, it }, {
 *   name: "BullMQ",
 *   open: async () => ({ engine: bullmq("redis://127.0.0.1:6379", { lockMs: 1000 }), close: async () => {} }),
 * });
 * ```
 */
export function engineConformance(runner: TestRunner, subject: EngineSubject): void {
  runner.describe(`${subject.name}, as an engine`, () => {
    for (const [group, cases] of Object.entries(groups))
      runner.describe(group, () => {
        for (const engineCase of cases) runner.it(engineCase.title, () => runCase(engineCase, subject));
      });
  });
}

async function runCase(engineCase: EngineCase, subject: EngineSubject): Promise<void> {
  const opened = await subject.open();
  const rig = new EngineRig(opened.engine);
  try {
    await engineCase.run(rig);
  } finally {
    await rig.close();
    await opened.close();
  }
}
