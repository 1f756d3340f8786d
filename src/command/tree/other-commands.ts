import { defineCommand, textOf, tuple } from "./define-command.ts";

/** The commands for beginning a project, and those about this command line itself. */
export const otherCommands = {
  init: defineCommand({
    load: async () => (await import("../commands/init.ts")).init,
    positional: tuple({ ...textOf("file", "The module to write [pipeline.ts]"), optional: true }),
    brief: "Write a small pipeline to start from",
  }),
  doctor: defineCommand({
    load: async () => (await import("../commands/doctor.ts")).doctor,

    brief: "Check Node, the library and the data directory",
  }),
  completion: defineCommand({
    load: async () => (await import("../commands/completion.ts")).completion,
    positional: tuple(textOf("shell", "bash, zsh or fish")),
    brief: "Print the completion script of a shell",
    text:
      "Prints a script that completes commands, flags, names, addresses, parameters and values.\n\n" +
      '  bash:  eval "$(persistable completion bash)"            in ~/.bashrc\n' +
      '  zsh:   eval "$(persistable completion zsh)"             in ~/.zshrc, after compinit\n' +
      "  fish:  persistable completion fish | source             in ~/.config/fish/config.fish",
  }),
  help: defineCommand({
    load: async () => (await import("../commands/help.ts")).help,
    positional: tuple({ ...textOf("topic", "A command, or exit-codes, params, queries, json"), optional: true }),
    brief: "Explain a command or a topic",
  }),
} as const;
