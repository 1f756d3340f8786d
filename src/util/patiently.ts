/** Failures that pass when others close their files. */
export const openBusy: readonly (string | undefined)[] = ["EMFILE", "ENFILE"];

/** About two seconds in total. */
const PAUSES_MS = [5, 10, 20, 40, 80, 160, 320, 640, 640];

/** Try again for a while where the system is busy, which the code of its failure says. */
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
