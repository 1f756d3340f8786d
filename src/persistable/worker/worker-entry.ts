import { lazyPart } from "../../util/peers/load-part.ts";

const serveJobsPart = lazyPart(() => import("./serve-jobs.ts"));

/**
 * The URL of the file that this code is in after bundling, whatever the bundler has named it. The
 * main thread imports this module to learn the URL, and a worker thread imports that URL to call
 * {@link serveWorker}. So bundlers need no second entry point, and both threads use the same files
 * of the library.
 */
export const workerEntryUrl: string | undefined = import.meta.url;

/**
 * Does jobs for the main thread from now on. The code with which `worker-thread.ts` starts a worker
 * thread calls it once.
 *
 * @public
 */
export async function serveWorker(): Promise<void> {
  const { serveJobs } = await serveJobsPart();
  serveJobs();
}
