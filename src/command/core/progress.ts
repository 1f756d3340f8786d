import type { Session } from "./session.ts";

const PATIENCE_MS = 1000;

/**
 * Shows at a terminal what a command is doing, if that takes longer than a second.
 *
 * @param work - may report how far it is, as in `3 of 10`
 */
export async function withProgress<Value>(
  session: Session,
  what: string,
  work: (tell: (far: string) => void) => Promise<Value>,
): Promise<Value> {
  const { stderr } = session.streams;
  if (stderr.isTTY !== true || session.flags.quiet === true) return work(() => {});
  const startedMs = Date.now();
  let told = what;
  let isShown = false;
  const timer = setInterval(() => {
    isShown = true;
    stderr.write(`\r${told} … ${Math.round((Date.now() - startedMs) / 1000)} s`);
  }, PATIENCE_MS);
  try {
    return await work((far) => {
      told = `${what} ${far}`;
    });
  } finally {
    clearInterval(timer);
    if (isShown) stderr.write("\r\u001b[K");
  }
}
