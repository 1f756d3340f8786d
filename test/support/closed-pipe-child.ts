// Displays its run and its warnings on a standard error that may have no reader.
import { writeFileSync } from "node:fs";
import { openDisplay } from "../../src/entry/display.ts";
import { definePersistable } from "../../src/entry/index.ts";
import { openJsonLines, run } from "../../src/entry/pipeline.ts";

export interface ClosedPipeInput {
  readonly dataDir: string;
  readonly way: "plain" | "live" | "verbose" | "warnings" | "json lines";
  /** The file in which it notes that it came to its end. */
  readonly done: string;
}

async function show({ dataDir, way, done }: ClosedPipeInput): Promise<void> {
  const step = definePersistable({
    name: "step",
    generate: async ({ log, progress }) => {
      for (let n = 1; n <= 30; n++) {
        log.warn(`a warning, ${n}`);
        progress(n, 30);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return 1;
    },
  });
  const target = step({}, { dataDir, verbose: way === "verbose" });
  const lines = way === "json lines" ? openJsonLines("/dev/stderr") : undefined;
  const display =
    way === "plain" || way === "live" ? await openDisplay({ live: way === "live", color: true }) : undefined;
  const result = await run([target], {
    onEvent: (event) => {
      lines?.onEvent(event);
      display?.onEvent(event);
    },
  });
  lines?.close();
  display?.close();
  writeFileSync(done, JSON.stringify({ generated: result.generated, payload: await target.payload }));
}

await show(JSON.parse(process.argv[2] ?? "") as ClosedPipeInput);
