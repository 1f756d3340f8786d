/** The user or the system has ended a command: there is nothing to say of it. */
export class Interruption extends Error {
  readonly exit: number;

  constructor(exit: number) {
    super("The command was ended.");
    this.exit = exit;
  }
}

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Does work that has to be cleaned up when Ctrl-C or SIGTERM ends it: its signal aborts then. The
 * same signal a second time ends the process at once.
 *
 * @throws {@link Interruption} once the work has ended
 */
export async function interruptible<Value>(work: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
  const controller = new AbortController();
  const stop = (name: keyof typeof EXIT_CODES): void => controller.abort(new Interruption(EXIT_CODES[name]));
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  try {
    return await work(controller.signal);
  } finally {
    process.removeListener("SIGINT", stop);
    process.removeListener("SIGTERM", stop);
  }
}
