import { parseRows } from "../text/parse-amounts.ts";
import { counted, defineCommand, each, switchedOn, textOf, tuple, valued, worded } from "./define-command.ts";

const artifact = textOf("artifact", "persistable help artifacts");

/** The commands that need a data directory, but no module of the user. */
export const artifactCommands = {
  ls: defineCommand({
    load: async () => (await import("../commands/ls.ts")).ls,
    flags: {
      sort: {
        ...worded("field", "The order: zThreshold, or -created for the greatest first [-created]"),
        variadic: ",",
      },
      limit: counted(0, "n", "At most this many [50]"),
      columns: { ...worded("field", "The params and summaries to show"), variadic: "," },
      allColumns: { ...switchedOn, brief: "Show those too that are the same everywhere" },
      csv: { ...switchedOn, brief: "Print all that is known of each as CSV" },
      arrow: { ...switchedOn, brief: "The same as an Arrow IPC stream" },
      watch: { ...switchedOn, brief: "Then print what comes and goes, until Ctrl-C" },
      count: { ...switchedOn, brief: "Print how many there are" },
    },
    aliases: { n: "limit" },
    positional: each(textOf("query", "Terms that all must hold: persistable help queries")),
    brief: "The artifacts that a query means",
    text:
      "Lists artifacts, the newest first. Columns that are the same everywhere are left out.\n\n" +
      "  persistable ls estimator 'zThreshold>1' 'created>-2d' --sort -zThreshold -n 20\n" +
      "  persistable ls state=failed",
  }),
  show: defineCommand({
    load: async () => (await import("../commands/show.ts")).show,
    flags: {
      record: { ...switchedOn, brief: "Print the record as it is stored" },
      path: { ...switchedOn, brief: "Print where the payload is; a small one is in its record" },
    },
    positional: tuple(artifact),
    brief: "One artifact: params, provenance, preview",
  }),
  cat: defineCommand({
    load: async () => (await import("../commands/cat.ts")).cat,
    flags: {
      as: {
        kind: "enum",
        values: ["raw", "json", "csv"],
        optional: true,
        brief: "The bytes as stored, the value as JSON, or a table as CSV [raw]",
      },
      columns: { ...worded("name", "These columns of a table"), variadic: "," },
      rows: valued("0:100", "These rows of a table", parseRows),
      output: worded("file", "Write it to a file"),
      file: worded("path", "One file of a folder"),
    },
    aliases: { o: "output" },
    positional: tuple(artifact),
    brief: "The payload of an artifact",
  }),
  diff: defineCommand({
    load: async () => (await import("../commands/diff.ts")).diff,
    flags: {
      all: { ...switchedOn, brief: "Show what is the same too" },
      md: { ...switchedOn, brief: "Print a table in Markdown" },
      exitCode: { ...switchedOn, brief: "Exit with 4 if they differ" },
    },
    positional: each(artifact),
    brief: "What differs between artifacts",
  }),
  explore: defineCommand({
    load: async () => (await import("../commands/explore.ts")).explore,
    flags: {
      port: counted(0, "n", "The port [a free one]"),
      host: worded("address", "Let other machines open it at this address; needs --token"),
      token: worded("secret", "The secret in the address [a new one]"),
      open: { kind: "boolean", optional: true, brief: "Open the browser [where there is a desktop]" },
      export: worded("file", "Write the page into one HTML file instead, which opens without a server"),
    },
    positional: each(textOf("query", "Terms that all hold: persistable help queries")),
    brief: "A page in the browser, to look at everything",
    text:
      "Serves a page that shows artifacts, lineages, runs, sweeps and disk use, and changes nothing.\n\n" +
      "  persistable explore\n" +
      "  persistable explore estimator 'zThreshold>1' --port 4321\n" +
      "  persistable explore --data-dir s3://bucket/study --no-open\n" +
      "  persistable explore estimator --export study.html",
  }),
  runs: defineCommand({
    load: async () => (await import("../commands/runs.ts")).runs,
    flags: {
      failed: { ...switchedOn, brief: "Only runs, or artifacts of one run, that failed" },
      events: { ...switchedOn, brief: "Print every event of a run so far, a line of JSON each" },
      follow: { ...switchedOn, brief: "Show what happens in a run until it ends [the newest one]" },
      limit: counted(1, "n", "At most this many"),
    },
    aliases: { n: "limit", f: "follow" },
    positional: tuple({ ...textOf("run", "The beginning of the id of a run, or latest"), optional: true }),
    brief: "The runs of a data directory, or one of them",
    text:
      "Lists runs, the newest first, or what happened in one of them. Runs of other processes are among them.\n\n" +
      "  persistable runs --failed\n" +
      "  persistable runs latest\n" +
      "  persistable runs --follow",
  }),
} as const;
