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
  /** The next step that the user can take. It is printed below the message, on lines of its own. */
  readonly hint?: string | undefined;
}

/**
 * Thrown if a command cannot do what the user asked: an argument is wrong, or names something that
 * does not exist.
 */
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
