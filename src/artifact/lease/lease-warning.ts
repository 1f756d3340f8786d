let isTold = false;

/** Warns, once in a process, that a busy event loop may cost a lease. */
export function warnOfBusyLoop(url: string, why: string): void {
  if (isTold) return;
  isTold = true;
  process.emitWarning(
    `The lease on an artifact in ${url} is renewed by the event loop of the program: ${why}. ` +
      "A generator that keeps the loop busy for longer than 20 s may be run a second time by another process. " +
      "Give the definition worker: true, with the URL of the store as dataDir, so that it runs on a thread.",
    { type: "LeaseWarning" },
  );
}
