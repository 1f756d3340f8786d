/** The exit codes of the process; `persistable help exit-codes` explains each. */
export const ExitCode = {
  done: 0,
  failed: 1,
  usage: 2,
  partly: 3,
  different: 4,
  damaged: 5,
  inFlight: 6,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

interface CommandErrorOptions extends ErrorOptions {
  readonly exit?: ExitCode;
  /** The next step for the person at the keyboard, in lines of its own below the message. */
  readonly hint?: string | undefined;
}

/** A command cannot do what it was asked: an argument is wrong, or names what is missing. */
export class CommandError extends Error {
  readonly code: "PERSISTABLE_USAGE" | "PERSISTABLE_COMMAND_FAILED";
  readonly exit: ExitCode;
  readonly hint: string | undefined;

  constructor(message: string, options: CommandErrorOptions = {}) {
    super(message, options);
    this.exit = options.exit ?? ExitCode.usage;
    this.code = this.exit === ExitCode.usage ? "PERSISTABLE_USAGE" : "PERSISTABLE_COMMAND_FAILED";
    this.hint = options.hint;
  }
}
