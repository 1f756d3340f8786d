import { retry } from "./concurrency/retry.ts";

/** Failures that pass when others close their files. */
export const openBusy: readonly (string | undefined)[] = ["EMFILE", "ENFILE"];

/** About two seconds in total. */
const PAUSES_MS = [5, 10, 20, 40, 80, 160, 320, 640, 640];

/** Tries again for a while as long as the code of the failure says that the system is busy. */
export function patiently<Value>(busy: readonly (string | undefined)[], start: () => Promise<Value>): Promise<Value> {
  const delayAfter = (error: unknown, failedAttempts: number): number | undefined =>
    busy.includes((Object(error) as NodeJS.ErrnoException).code) ? PAUSES_MS[failedAttempts - 1] : undefined;
  return retry(start, { delayAfter });
}
