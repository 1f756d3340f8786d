/** Thrown if the user or the system has ended a command. Nothing is reported then. */
export class Interruption extends Error {
  readonly exit: number;

  constructor(exit: number) {
    super("The command was ended.");
    this.exit = exit;
  }
}

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Does work that has to clean up when Ctrl-C or SIGTERM ends it: the signal that the work gets is
 * aborted then. The same signal a second time ends the process at once.
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
