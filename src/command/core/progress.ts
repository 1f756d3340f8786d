import type { Session } from "./session.ts";

const PATIENCE_MS = 1000;

/** Tells a person at a terminal what takes longer than a second, until it is done. */
export async function withProgress<Value>(session: Session, what: string, work: () => Promise<Value>): Promise<Value> {
  const { stderr } = session.streams;
  if (stderr.isTTY !== true || session.flags.quiet === true) return work();
  const startedMs = Date.now();
  let isShown = false;
  const timer = setInterval(() => {
    isShown = true;
    stderr.write(`\r${what} … ${Math.round((Date.now() - startedMs) / 1000)} s`);
  }, PATIENCE_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    if (isShown) stderr.write("\r\u001b[K");
  }
}
