import { afterAll, beforeAll, describe, it } from "vitest";
import { bullmq } from "../../src/entry/engines/bullmq.ts";
import { engineConformance } from "../../src/entry/testing.ts";
import type { QueueServer } from "../support/servers/queue-server.ts";
import { describeOnQueues } from "../support/servers/queue-servers.ts";

describeOnQueues("engineConformance", ({ kind, start }) => {
  let server: QueueServer | undefined;

  beforeAll(async () => {
    server = await start();
  });

  afterAll(() => server?.close());

  engineConformance(
    { describe, it },
    {
      name: `BullMQ on ${kind}`,
      open: async () => ({ engine: bullmq(server?.url ?? "", { lockMs: 1000 }), close: async () => {} }),
    },
  );
});
