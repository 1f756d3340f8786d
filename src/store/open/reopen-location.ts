import type { Reopening } from "../location/reopening.ts";
import type { Store } from "../store.ts";

/**
 * Opens on this thread a store that another thread has opened. The service's own client finds the
 * credentials.
 *
 * @param idleMs - how long an unused connection is kept; only sftp has one
 */
export async function reopenLocation({ service, options }: Reopening, idleMs: number): Promise<Store> {
  switch (service) {
    case "s3":
      return (await import("../bucket/s3/s3-store.ts")).s3Store(options as never);
    case "azure":
      return (await import("../bucket/azure/azure-store.ts")).azureStore(options as never);
    case "gcs":
      return (await import("../bucket/gcs/gcs-store.ts")).gcsStore(options as never);
    case "sftp":
      return (await import("../sftp/sftp-store.ts")).connectSftp(options as never, { idleMs });
  }
}
