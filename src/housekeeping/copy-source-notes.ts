import { sourcePath } from "../artifact/layout/artifact-paths.ts";
import type { ArtifactRecord } from "../record/record.ts";
import type { Store, StorePath } from "../store/store.ts";

/** A note that a change of the source does not matter to the artifact whose path is the group. */
const ACCEPTED = /^(.*)\.accepted-[0-9a-f]+\.json$/;
/** The text of a source and a note are smaller. */
const MAX_BYTES = 2 ** 20;

/**
 * Copies what lies beside artifacts about the source that made them: the text of it, and which
 * changes of it the user has accepted. Without these, each change would have to be accepted again.
 */
export class SourceNotes {
  readonly #records = new Set<string>();
  readonly #sources = new Set<StorePath>();

  /** Notes that this artifact is in both stores. */
  add(path: StorePath, { name, provenance }: ArtifactRecord): void {
    this.#records.add(path);
    if (provenance.source !== undefined) this.#sources.add(sourcePath(name, provenance.source));
  }

  async copy(source: Store, destination: Store, signal: AbortSignal | undefined): Promise<void> {
    for (const path of this.#sources) await copyNote(source, destination, path, signal);
    const folders = new Set([...this.#records].map((path) => path.slice(0, path.lastIndexOf("/") + 1)));
    for (const folder of folders)
      for await (const { path } of source.list(folder, { signal })) {
        const artifact = ACCEPTED.exec(path)?.[1];
        if (artifact !== undefined && this.#records.has(`${artifact}.json`))
          await copyNote(source, destination, path, signal);
      }
  }
}

async function copyNote(
  source: Store,
  destination: Store,
  path: StorePath,
  signal: AbortSignal | undefined,
): Promise<void> {
  const bytes = await source.read(path, { signal, maxBytes: MAX_BYTES });
  if (bytes !== undefined) await destination.createIfAbsent(path, [bytes], { signal });
}
