/** These failures pass when other code closes its files. */
export const openBusy: readonly (string | undefined)[] = ["EMFILE", "ENFILE"];

/** They add up to about two seconds. */
const PAUSES_MS = [5, 10, 20, 40, 80, 160, 320, 640, 640];

/** Retries for a while as long as `start` fails with one of the `busy` codes. */
export async function patiently<Value>(
  busy: readonly (string | undefined)[],
  start: () => Promise<Value>,
): Promise<Value> {
  for (const pauseMs of PAUSES_MS) {
    try {
      return await start();
    } catch (error) {
      if (!busy.includes((Object(error) as NodeJS.ErrnoException).code)) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
  return start();
}
