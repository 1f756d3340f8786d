import { existsSync, writeFileSync } from "node:fs";
import { extname } from "node:path";
import { CommandError, ExitCode } from "../core/command-error.ts";
import type { CommonFlags, Session } from "../core/session.ts";

export async function init(session: Session, _flags: CommonFlags, file = "pipeline.ts"): Promise<number> {
  if (existsSync(file))
    throw new CommandError(`${file} is there already.`, { hint: "Name another file: persistable init study.ts" });
  writeFileSync(file, [".js", ".mjs"].includes(extname(file)) ? withoutTypes(pipeline) : pipeline);
  if (session.isJson) session.json("init", { file });
  else {
    session.line(`${file} is written. Next:`);
    session.line(`  persistable plan ${file} report threshold=2 points.n=1000`);
    session.line(`  persistable run ${file} report threshold=2 points.n=1000`);
    session.line(`  persistable run ${file} report threshold=1,2,3 points.n=1000`);
  }
  return ExitCode.done;
}

const pipeline = `import { definePersistable, typedParams } from "persistable-ts";

/** Each payload is generated once for its params, persisted, and loaded after that. */
export const points = definePersistable({
  name: "points",
  params: typedParams<{ n: number }>(),
  generate: ({ params, seed }) => {
    const values = new Float64Array(params.n);
    let state = seed >>> 0;
    for (let i = 0; i < values.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      values[i] = (state / 2 ** 32) * 8 - 4;
    }
    return values;
  },
});

/** What is made from another payload names it as a dependency: its params are part of these. */
export const report = definePersistable({
  name: "report",
  params: typedParams<{ threshold: number }>(),
  dependencies: { points },
  generate: async ({ params, dependencies }) => {
    const values = await dependencies.points.payload;
    const outliers = values.filter((value) => Math.abs(value) > params.threshold);
    return { outliers: outliers.length, share: outliers.length / values.length };
  },
  summarize: ({ outliers, share }) => ({ outliers, share }),
});
`;

function withoutTypes(text: string): string {
  return text.replace(/typedParams<\{.*\}>\(\)/g, "typedParams()");
}
