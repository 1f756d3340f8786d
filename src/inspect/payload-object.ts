import { isPayloadFileOf, payloadPath } from "../artifact/layout/artifact-paths.ts";
import { type ListedFile, parseFileList } from "../artifact/layout/file-list.ts";
import { filesFolder, isFileList } from "../artifact/layout/payload-objects.ts";
import { recordPath } from "../artifact/layout/record-path.ts";
import { openSource } from "../artifact/read/open-stored-payload.ts";
import { readFileList } from "../artifact/read/read-file-list.ts";
import { readVerified } from "../artifact/read/read-verified.ts";
import { findDamage, type StoredObject } from "../artifact/read/stored-source.ts";
import { CorruptArtifactError, UnresolvedArtifactError } from "../errors/artifact-errors.ts";
import { NewerPayloadError } from "../errors/format-errors.ts";
import type { PayloadSource } from "../format/payload-source.ts";
import { decodeInlineOfAnyKind } from "../record/encode-inline.ts";
import type { RecordedPayload } from "../record/record.ts";
import { findInlineLine } from "../record/record-text.ts";
import { certainStore } from "../store/certain-store.ts";
import type { Store, StorePath } from "../store/store.ts";
import { storePath } from "../store/store-path.ts";
import { DIGEST_CHUNK_BYTES, digestOf } from "../util/digest/digest.ts";
import { bytesSource } from "./bytes-source.ts";
import type { FoundRecord } from "./find-record.ts";

/** A damaged object of an artifact. */
export interface DamagedObject {
  readonly path: string;
  readonly problem: string;
}

/**
 * The bytes of one payload, in its record or beside it. Nothing is set aside and nothing is
 * written.
 */
export class PayloadObject {
  readonly #store: Store;
  readonly #found: FoundRecord;

  constructor(store: Store, found: FoundRecord) {
    this.#store = certainStore(store);
    this.#found = found;
    const { file } = this.#payload;
    if (file !== undefined && !isPayloadFileOf(file, found.record.address))
      throw this.#corrupt(this.#recordPath, `names a payload outside its place: ${JSON.stringify(file)}`);
  }

  /** Whether a part can be verified without the rest. */
  get isReadInParts(): boolean {
    const { sizeBytes, chunks, file } = this.#payload;
    return file === undefined || sizeBytes <= DIGEST_CHUNK_BYTES || chunks !== undefined;
  }

  /** All bytes, or those of a range, verified. */
  async read(range: { readonly start: number; readonly end: number } | undefined): Promise<Uint8Array> {
    const { start = 0, end = this.#payload.sizeBytes } = range ?? {};
    if (this.isReadInParts) return this.source().read(start, end);
    const bytes = await this.#verified(this.#object());
    return bytes.subarray(Math.max(0, start), Math.max(0, end));
  }

  /**
   * Returns a source that reads the bytes from the store. It verifies them if they can be verified
   * in parts.
   */
  source(): PayloadSource {
    const { name, address } = this.#found.record;
    const { file, ...payload } = this.#payload;
    if (file === undefined) return bytesSource(this.#inline());
    if (isFileList(file)) return listSource(payload.sizeBytes, () => this.#fileList(file));
    if (this.isReadInParts) return openSource({ store: this.#store, name, address, payload: { ...payload, file } });
    return unverifiedSource(this.#object());
  }

  /** Returns the files of a payload that is a folder; an empty list for any other payload. */
  async files(): Promise<readonly ListedFile[]> {
    const { file } = this.#payload;
    if (file === undefined || !isFileList(file)) return [];
    const parsed = parseFileList(await this.#fileList(file));
    if (typeof parsed === "string") throw this.#corrupt(payloadPath(this.#found.record.name, file), parsed);
    const { files, newer } = parsed;
    if (files === undefined || newer !== undefined) throw NewerPayloadError.ofRelease("directory", `with ${newer}`);
    return files;
  }

  /** One of the files of a folder, verified. */
  async readFile(path: string): Promise<Uint8Array> {
    const listed = (await this.files()).find((file) => file.path === path);
    if (listed === undefined)
      throw new UnresolvedArtifactError(path, `is not a file of the payload of ${this.#found.record.name}`);
    return this.#verified(this.#fileObject(listed));
  }

  /** Reads every byte of the payload, and says what is damaged. */
  async findDamage(): Promise<readonly DamagedObject[]> {
    const damaged: DamagedObject[] = [];
    try {
      if (this.#payload.file === undefined) this.#inline();
      for (const object of await this.#objects()) {
        // Damage counts only if a second read finds it, too.
        const problem = (await findDamage(object)) && (await findDamage(object));
        if (problem !== undefined && problem !== "") damaged.push({ path: object.path, problem });
      }
    } catch (error) {
      if (!(error instanceof CorruptArtifactError)) throw error;
      damaged.push({ path: error.file, problem: error.problem });
    }
    return damaged;
  }

  get #payload(): RecordedPayload {
    return this.#found.record.payload;
  }

  get #recordPath(): StorePath {
    const { name, address } = this.#found.record;
    return recordPath(name, address);
  }

  #inline(): Uint8Array {
    const { sizeBytes, digest } = this.#payload;
    const line = findInlineLine(this.#found.bytes);
    const isRight = (bytes: Uint8Array): boolean => bytes.length === sizeBytes && digestOf([bytes]) === digest;
    const bytes = line === undefined ? undefined : decodeInlineOfAnyKind(false, line, isRight);
    if (bytes === undefined) throw this.#corrupt(this.#recordPath, "holds a payload that does not match its digest");
    return bytes;
  }

  async #objects(): Promise<readonly StoredObject[]> {
    const { file } = this.#payload;
    if (file === undefined) return [];
    if (!isFileList(file)) return [this.#object()];
    return (await this.files()).map((listed) => this.#fileObject(listed));
  }

  #object(): StoredObject {
    const { file = "", sizeBytes, digest } = this.#payload;
    return { store: this.#store, path: payloadPath(this.#found.record.name, file), sizeBytes, digest };
  }

  #fileObject({ path, sizeBytes, digest }: ListedFile): StoredObject {
    const folder = filesFolder(this.#found.record.name, this.#payload.file ?? "");
    return { store: this.#store, path: storePath(...folder.split("/"), ...path.split("/")), sizeBytes, digest };
  }

  async #fileList(file: string): Promise<Uint8Array> {
    const path = payloadPath(this.#found.record.name, file);
    const bytes = await readFileList(this.#store, path, this.#payload);
    if (typeof bytes === "string") throw this.#corrupt(path, bytes);
    return bytes;
  }

  async #verified(object: StoredObject): Promise<Uint8Array> {
    let bytes = await readVerified(object, undefined);
    if (typeof bytes === "string") bytes = await readVerified(object, undefined);
    if (typeof bytes === "string") throw this.#corrupt(object.path, bytes);
    return bytes;
  }

  #corrupt(path: string, problem: string): CorruptArtifactError {
    const { name, address } = this.#found.record;
    return new CorruptArtifactError(name, address, path, problem);
  }
}

/**
 * Reads a list of files as a whole, since it is verified as a whole, and a tool may have changed
 * its line ends.
 */
function listSource(sizeBytes: number, readAll: () => Promise<Uint8Array>): PayloadSource {
  return {
    sizeBytes,
    read: async (start, end) => (await readAll()).subarray(start, end),
    async *stream() {
      yield await readAll();
    },
    localFile: () => Promise.reject(new TypeError("The list of files of a payload is not handed out as a file.")),
  };
}

/**
 * A source for previews of a payload that can only be verified as a whole. It does not verify,
 * since a preview only reads the beginning.
 */
function unverifiedSource({ store, path, sizeBytes }: StoredObject): PayloadSource {
  const read = async (start: number, end: number): Promise<Uint8Array> =>
    (await store.read(path, { range: { start: Math.max(0, start), end: Math.min(end, sizeBytes) } })) ??
    new Uint8Array();
  return {
    sizeBytes,
    read,
    async *stream() {
      for (let start = 0; start < sizeBytes; start += DIGEST_CHUNK_BYTES)
        yield await read(start, start + DIGEST_CHUNK_BYTES);
    },
    localFile: () => Promise.reject(new TypeError("These bytes were not verified, and are not handed out as a file.")),
  };
}
