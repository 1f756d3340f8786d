import { commonAliases, commonFlags, defineCommand, textOf } from "./define-command.ts";

const switchedOn = { kind: "boolean", optional: true, withNegated: false } as const;

/** The commands that need a data directory alone. */
export const artifactCommands = {
  show: defineCommand({
    load: async () => (await import("../commands/show.ts")).show,
    parameters: {
      flags: {
        record: { ...switchedOn, brief: "Print the record as it is stored" },
        ...commonFlags,
      },
      aliases: commonAliases,
      positional: { kind: "tuple", parameters: [textOf("artifact", "persistable help artifacts")] },
    },
    brief: "One artifact: params, provenance, preview",
  }),
} as const;
