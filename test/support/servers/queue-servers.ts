import { describe } from "vitest";
import { postgres } from "./postgres.ts";
import type { QueueServerKind } from "./queue-server.ts";
import { redis } from "./redis.ts";

/**
 * Declares tests for each kind of server that has queues. They are skipped where it is not
 * installed, which is a failure in CI.
 */
export function describeOnQueues(
  title: string,
  tests: (kind: QueueServerKind) => void,
  options: { readonly concurrent?: boolean } = {},
): void {
  for (const kind of [redis, postgres])
    describe.skipIf(!kind.isInstalled())(`${title} on ${kind.kind}`, options, () => tests(kind));
}
