import type { Store, StorePath } from "../../store/store.ts";
import { onAbort } from "../../util/concurrency/on-abort.ts";

/**
 * Waits until something in one of the folders may have changed, or until `pollMs` have passed,
 * since not every store can watch a folder. An abort of the signal ends the wait, too.
 */
export async function waitForChange(
  store: Store,
  folders: readonly StorePath[],
  pollMs: number,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  let wake = (): void => {};
  const woken = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const watches = folders.map((folder) => store.watch?.(folder, wake));
  const timer = setTimeout(wake, pollMs);
  const stopListening = onAbort(signal, wake);
  try {
    await woken;
  } finally {
    clearTimeout(timer);
    stopListening();
    for (const watch of watches) watch?.close();
  }
}
