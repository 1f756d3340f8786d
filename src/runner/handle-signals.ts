const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
type Signal = (typeof SIGNALS)[number];
const EXIT_CODES: Readonly<Record<Signal, number>> = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

/** The handling of Ctrl-C and similar signals while a run lasts. */
export interface SignalHandling {
  readonly received: Signal | undefined;
  /** The program does not listen to these signals itself, so this library ends the process. */
  readonly endsProcess: boolean;
  /** The exit code that a shell expects after this signal. */
  readonly exitCode: number;
  close(): void;
}

/**
 * The first signal aborts; a second one ends the process at once. If the program listens to these
 * signals itself, it decides what becomes of the process.
 */
export function handleSignals(abort: (signal: Signal) => void): SignalHandling {
  let received: Signal | undefined;
  const endsProcess = SIGNALS.every((name) => process.listenerCount(name) === 0);
  const listener = (name: Signal): void => {
    if (received !== undefined) {
      if (endsProcess) process.exit(EXIT_CODES[name]);
      return;
    }
    received = name;
    abort(name);
  };
  for (const name of SIGNALS) process.on(name, listener);
  return {
    get received() {
      return received;
    },
    endsProcess,
    get exitCode() {
      return received === undefined ? 0 : EXIT_CODES[received];
    },
    close() {
      for (const name of SIGNALS) process.off(name, listener);
    },
  };
}
