import { DISMISSED_FOLDER } from "../store/internal-folder.ts";
import type { Store, StorePath } from "../store/store.ts";
import { digestOf } from "../util/digest/digest.ts";
import { fieldsOf } from "../util/fields-of.ts";
import { tryParseJson } from "../util/json/checks.ts";

/** Why this machine does not use an object of the remote store. */
export type DismissalReason = "removed" | "damaged";

/** A note about one name in the remote store. */
export interface Dismissal {
  readonly path: StorePath;
  readonly why: DismissalReason;
  /**
   * The digests of the bytes that this machine does not use, the newest last. Other bytes under
   * this name are another object, which it does use.
   */
  readonly digests: readonly string[];
}

const NOTE_VERSION = 1;
const MAX_DIGESTS = 16;
const MAX_NOTE_BYTES = 4096;

/**
 * Notes in the local store about objects of the remote one that this machine does not use. Such an
 * object was removed here while the remote did not answer, and is still to be removed there; or it
 * is damaged there, and this machine may not repair it. The notes are files, so that the next
 * process knows of them too.
 */
export class Dismissals {
  readonly #local: Store;

  constructor(local: Store) {
    this.#local = local;
  }

  /**
   * @throws a StoreError of the local store: without the note, the next process would use the
   * object
   */
  async note(path: StorePath, why: DismissalReason, digest: string): Promise<void> {
    const known = await this.#read(path);
    if (known === "newer") return;
    const digests = [...(known?.digests ?? []).filter((other) => other !== digest), digest].slice(-MAX_DIGESTS);
    const note = { dismissal: NOTE_VERSION, why, digests };
    await this.#local.replace(notePath(path), [Buffer.from(`${JSON.stringify(note)}\n`)]);
  }

  async find(path: StorePath): Promise<Dismissal | undefined> {
    const known = await this.#read(path);
    return known === "newer" ? undefined : known;
  }

  /**
   * Returns the note by which this machine does not use these bytes of the remote, if there is one.
   */
  async hides(path: StorePath, bytes: Uint8Array): Promise<Dismissal | undefined> {
    const dismissal = await this.find(path);
    return dismissal?.digests.includes(digestOf([bytes])) ? dismissal : undefined;
  }

  async forget(path: StorePath): Promise<void> {
    if ((await this.find(path)) !== undefined) await this.#local.remove(notePath(path));
  }

  async *list(prefix: string): AsyncGenerator<Dismissal> {
    for await (const { path } of this.#local.list(`${DISMISSED_FOLDER}/${prefix}`)) {
      const dismissal = await this.find(path.slice(DISMISSED_FOLDER.length + 1) as StorePath);
      if (dismissal !== undefined) yield dismissal;
    }
  }

  async #read(path: StorePath): Promise<Note | undefined> {
    const bytes = await this.#local.read(notePath(path), { range: { start: 0, end: MAX_NOTE_BYTES } });
    return bytes === undefined ? undefined : parseNote(path, bytes);
  }
}

/** A note of a newer release is left as it is. */
type Note = Dismissal | "newer";

function notePath(path: StorePath): StorePath {
  return `${DISMISSED_FOLDER}/${path}` as StorePath;
}

/** A note that cannot be read dismisses nothing: the remote's object is used. */
function parseNote(path: StorePath, bytes: Uint8Array): Note | undefined {
  const { dismissal, why, digests } = fieldsOf(tryParseJson(bytes));
  if (typeof dismissal === "number" && dismissal > NOTE_VERSION) return "newer";
  if ((why !== "removed" && why !== "damaged") || !Array.isArray(digests)) return undefined;
  return { path, why, digests };
}
