import type { Reopening } from "../location/reopening.ts";
import type { Store } from "../store.ts";

/**
 * Open on this thread what another one has opened. Credentials come from where the service's own
 * client looks for them.
 *
 * @param idleMs - how long a connection is kept that no call uses, where there is one
 */
export async function reopenPlace({ service, options }: Reopening, idleMs: number): Promise<Store> {
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
