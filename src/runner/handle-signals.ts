const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type Signal = keyof typeof EXIT_CODES;

/** Ctrl-C, and its like, as long as a run lasts. */
export interface SignalHandling {
  /** Which one came, if any. */
  readonly received: Signal | undefined;
  /** Nobody else has asked for these signals, so ending the process is what is expected of us. */
  readonly endsProcess: boolean;
  /** What a shell expects of a process that was ended by it. */
  readonly exitCode: number;
  close(): void;
}

/**
 * The first signal aborts; a second one ends the process at once. Where the program handles these signals itself, it is left to it what becomes of
 * the process.
 */
export function handleSignals(abort: (signal: Signal) => void): SignalHandling {
  let received: Signal | undefined;
  const names = Object.keys(EXIT_CODES) as Signal[];
  const endsProcess = names.every((name) => process.listenerCount(name) === 0);
  const listener = (name: Signal): void => {
    if (received !== undefined) {
      if (endsProcess) process.exit(EXIT_CODES[name]);
      return;
    }
    received = name;
    abort(name);
  };
  for (const name of names) process.on(name, listener);
  return {
    get received() {
      return received;
    },
    endsProcess,
    get exitCode() {
      return received === undefined ? 0 : EXIT_CODES[received];
    },
    close() {
      for (const name of names) process.off(name, listener);
    },
  };
}
