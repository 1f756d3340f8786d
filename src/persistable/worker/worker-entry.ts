import { loadPart } from "../../util/peers/load-part.ts";

/**
 * Where this file lies once it is bundled, whatever a bundler called it: imported on the main thread for this, and by the url on a worker thread for
 * {@link serveWorker}. So no bundler has to know of a second entry point, and both threads use the same files of the library.
 */
export const workerEntryUrl: string | undefined = import.meta.url;

/**
 * Called on a worker thread, once, by the text that `worker-thread.ts` starts it with: does jobs for the main thread from then on.
 *
 * @public
 */
export async function serveWorker(): Promise<void> {
  const { serveJobs } = await loadPart(() => import("./serve-jobs.ts"));
  serveJobs();
}
