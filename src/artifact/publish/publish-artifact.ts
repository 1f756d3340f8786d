import type { RecipeNode } from "../../address/recipe-node.ts";
import { FormatFailedError } from "../../errors/user-code-errors.ts";
import type { Format } from "../../format/format.ts";
import { encodeRecord, type RecordDraft } from "../../record/encode-record.ts";
import { encodeInline } from "../../record/inline-payload.ts";
import { mentionsFile } from "../../record/layout.ts";
import type { Provenance, RecordedPayload } from "../../record/record.ts";
import { certainStore } from "../../store/certain-store.ts";
import type { Store, StorePath } from "../../store/store.ts";
import { digestOf } from "../../util/digest/digest.ts";
import { recordPath } from "../layout/artifact-paths.ts";
import { readPayloadFile } from "../layout/payload-objects.ts";
import { readRecordBytes } from "../layout/read-record-bytes.ts";
import { retirePayload } from "../layout/replaced-payloads.ts";
import type { DamagedArtifact } from "../read/read-outcome.ts";
import { discardStaged, type StagedPayload, stageBytes } from "./stage-payload.ts";

/** What every publication says. */
interface PublicationOfAny {
  readonly store: Store;
  readonly draft: RecordDraft;
  readonly provenance: Provenance;
  /** Take the place of an artifact that is already there: of any, on purpose, or of one that was judged damaged. */
  readonly replace: boolean | DamagedArtifact;
  readonly signal: AbortSignal | undefined;
}

/** One publication: everything that becomes an artifact. */
export interface Publication extends PublicationOfAny {
  readonly format: Format;
  readonly encoded: readonly Uint8Array[];
  readonly inlineBytes: number;
}

/** One publication of a payload that is written already. */
export interface StagedPublication extends PublicationOfAny {
  readonly staged: StagedPayload;
}

/** What became of a publication. */
export interface Published {
  /** `exists`: another writer was first, and its artifact stands. */
  readonly outcome: "created" | "replaced" | "exists";
  readonly payload: RecordedPayload;
  readonly recordFile: StorePath;
}

/**
 * Publish an artifact: the payload under a name that nobody refers to yet, the record last. The record's appearance is the commit, so
 * a crash at any point leaves either no artifact or a whole one.
 *
 * @throws a StoreError where the store could not write; then nothing of this publication is left, and nothing was changed, unless it was
 * only making it last that failed: then the new artifact may stand, whole.
 */
export function publishArtifact(publication: Publication): Published | Promise<Published> {
  const { format, encoded, inlineBytes } = publication;
  const sizeBytes = encoded.reduce((sum, chunk) => sum + chunk.length, 0);
  if (format.inline === false || sizeBytes > inlineBytes) return publishFile(publication);
  const inline = encodeInline(format.inline, join(encoded));
  if (inline !== undefined) return publishInline(publication, sizeBytes, inline);
  throw new FormatFailedError(
    format.id,
    "encode",
    `gave bytes that are not ${format.inline === "json" ? "one line of JSON" : "UTF-8 text"}, as its inline: ${JSON.stringify(format.inline)} promises`,
  );
}

function publishInline(publication: Publication, sizeBytes: number, inline: string): Published | Promise<Published> {
  const { store, draft, format, encoded, provenance, replace, signal } = publication;
  const payload: RecordedPayload = { format: format.id, sizeBytes, digest: digestOf(encoded) };
  const recordFile = recordPath(draft.node.name, draft.node.address);
  const bytes = [encodeRecord(draft, payload, inline, provenance)];
  const settle = (outcome: "created" | "exists"): Published | Promise<Published> =>
    outcome === "exists" && replace !== false
      ? replaceRecord({ store, node: draft.node, recordFile, bytes, payload, replace, signal })
      : { outcome, payload, recordFile };
  const outcome = store.sync?.createIfAbsent?.(recordFile, bytes);
  return outcome === undefined ? store.createIfAbsent(recordFile, bytes, { signal }).then(settle) : settle(outcome);
}

async function publishFile(publication: Publication): Promise<Published> {
  const { store, draft, format, encoded, signal } = publication;
  const { name, address } = draft.node;
  const staged = await stageBytes({ store, name, address, signal }, format, encoded);
  try {
    const published = await publishStaged({ ...publication, staged });
    // The loser's payload is known to nobody but the loser.
    if (published.outcome === "exists") await discardStaged({ store, name }, staged.file);
    return published;
  } catch (error) {
    await discardUnlessCommitted(store, draft.node, staged.file);
    throw error;
  }
}

/**
 * Publish an artifact whose payload is written already: its record is what is missing. Where this fails, or another writer was first, the payload stays written for its owner to
 * try again or to discard.
 *
 * @throws a StoreError
 */
export async function publishStaged(publication: StagedPublication): Promise<Published> {
  const { store, draft, staged: payload, provenance, replace, signal } = publication;
  const { name, address } = draft.node;
  const recordFile = recordPath(name, address);
  const bytes = [encodeRecord(draft, payload, undefined, provenance)];
  const outcome = await store.createIfAbsent(recordFile, bytes, { signal });
  if (outcome === "created") return { outcome, payload, recordFile };
  // An earlier attempt may have committed it, although it was told of a failure.
  if (await isCommitted(store, draft.node, payload.file)) return { outcome: "created", payload, recordFile };
  if (replace === false) return { outcome, payload, recordFile };
  return replaceRecord({ store, node: draft.node, recordFile, bytes, payload, replace, signal });
}

interface Replacement {
  readonly store: Store;
  readonly node: RecipeNode;
  readonly recordFile: StorePath;
  readonly bytes: readonly Uint8Array[];
  readonly payload: RecordedPayload;
  readonly replace: true | DamagedArtifact;
  readonly signal: AbortSignal | undefined;
}

async function replaceRecord(replacement: Replacement): Promise<Published> {
  const { store, node, recordFile, bytes, payload, replace, signal } = replacement;
  const before = await readPayloadFile(store, node.name, node.address);
  if (replace !== true && store.layers !== undefined) {
    const outcome = await store.layers.replaceDamaged(recordFile, bytes, replace, { signal });
    // Another layer of the store has a whole one after all.
    if (outcome === "exists") return { outcome, payload, recordFile };
  } else await store.replace(recordFile, bytes, { signal });
  // A reader that still holds the earlier record finds its payload gone, and looks again.
  if (before !== undefined && before !== payload.file) await retirePayload(store, node.name, node.address, before);
  return { outcome: "replaced", payload, recordFile };
}

/** Remove a payload that is not going to be published. The record may have been committed although committing it reported a failure: then its payload stays. */
export async function discardUnlessCommitted(
  store: Store,
  node: Pick<RecipeNode, "name" | "address">,
  file: string,
): Promise<void> {
  try {
    // Twice, since one read may be a bad one, and the payload would be lost.
    for (let look = 0; look < 2; look++) if (await isCommitted(certainStore(store), node, file)) return;
  } catch {
    // The failure that led here is the one to report. An unreferenced payload is collected later.
    return;
  }
  await discardStaged({ store, name: node.name }, file);
}

async function isCommitted(
  store: Store,
  { name, address }: Pick<RecipeNode, "name" | "address">,
  file: string,
): Promise<boolean> {
  const record = await readRecordBytes(store, recordPath(name, address));
  return record !== undefined && mentionsFile(record, file);
}

function join(chunks: readonly Uint8Array[]): Uint8Array {
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
}
