import { openCatalog } from "../catalog/open/open-catalog.ts";
import { openStore } from "../store/open/open-store.ts";
import type { Store } from "../store/store.ts";
import { LIBRARY_VERSION } from "../util/library-version.ts";
import { CommandWriter } from "./answers/commands.ts";
import { collectExport, type ExportLimits } from "./export/collect-export.ts";
import { exportedPage } from "./export/export-page.ts";
import type { ExportCounts } from "./shapes/export-shapes.ts";

/** Says how much of which data directory is exported. */
export interface ExportOptions {
  readonly dataDir: string | URL | Store;
  /** The data directory as the user has written it. */
  readonly shownAs: string;
  /** The artifacts that are exported; empty for all of them. */
  readonly query: string;
  /** The page as one file, without data. */
  readonly template: string;
  readonly signal: AbortSignal;
  /** How much goes into the file at most; enough for a report by default. */
  readonly limits?: ExportLimits | undefined;
}

/** Makes the page of an explorer as one file, which opens without a server and asks nothing. */
export async function exportExplorer({
  dataDir,
  shownAs,
  query,
  template,
  signal,
  limits,
}: ExportOptions): Promise<{ readonly html: string; readonly counts: ExportCounts }> {
  const store = openStore(dataDir);
  const catalog = openCatalog(store, { signal });
  try {
    const explored = {
      ...{ store, catalog, shownAs, startQuery: query },
      commands: new CommandWriter(shownAs),
      version: LIBRARY_VERSION,
      cursor: () => "",
      problem: () => undefined,
    };
    const data = await collectExport(explored, signal, limits);
    return { html: exportedPage(template, data), counts: data.counts };
  } finally {
    await catalog.close();
  }
}
