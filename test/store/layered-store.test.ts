import { describe, it } from "vitest";
import { fileStore } from "../../src/store/file-store.ts";
import type { LayeredMode } from "../../src/store/layer-mode.ts";
import { layeredStore } from "../../src/store/layered-store.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import { storeConformance } from "../../src/testing/store-conformance.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

for (const mode of ["local:rw,remote:rw", "local:rw,remote:r", "local:r,remote:rw"] satisfies LayeredMode[]) {
  storeConformance(
    { describe, it },
    {
      name: `memory before memory, ${mode}`,
      capabilities: { exclusiveCreate: true, durable: false, shared: false },
      open: async () => ({
        store: layeredStore({ local: memoryStore(), remote: memoryStore(), mode }),
        close: async () => {},
      }),
    },
  );
}
