import { ADDRESS_SCHEME } from "../address/address-of.ts";
import type { RecipeNode } from "../address/recipe-node.ts";
import type { JsonValue } from "../canonical/tagged-json.ts";
import { RecordTooLargeError } from "../errors/record-errors.ts";
import { encodeParamsTree, encodeUntracked } from "./encode-params-tree.ts";
import { MAX_RECORD_BYTES, type Provenance, RECORD_VERSION, type RecordedPayload } from "./record.ts";
import { layOutRecord, payloadMember } from "./record-text.ts";

/**
 * The part of a record about the recipe. It is encoded before the generator runs, so that params
 * that cannot be recorded are refused before they cost anything.
 */
export interface RecordDraft {
  readonly node: RecipeNode;
  readonly head: { readonly [key: string]: JsonValue };
}

/** Adds the encoded summary of the payload to a draft; see `encodeSummary`. */
export function summarizeRecord(draft: RecordDraft, summary: JsonValue): RecordDraft {
  return { ...draft, head: { ...draft.head, summary } };
}

/**
 * The part of a record that is known before generating.
 *
 * @throws {@link RecordTooLargeError} where the params do not fit into a record.
 */
export function draftRecord(node: RecipeNode, untracked: Readonly<Record<string, unknown>> | undefined): RecordDraft {
  const tree = encodeParamsTree(node);
  const head: Record<string, JsonValue> = {
    record: RECORD_VERSION,
    scheme: ADDRESS_SCHEME,
    name: node.name,
    ...(node.version === undefined ? {} : { version: node.version }),
    ...(node.draw === 0 ? {} : { draw: node.draw }),
    params: tree.params,
  };
  if (Object.keys(tree.dependencies).length > 0) head.dependencies = tree.dependencies;
  if (untracked !== undefined && Object.keys(untracked).length > 0) {
    head.untracked = Object.fromEntries(
      Object.entries(untracked).map(([key, value]) => [key, encodeUntracked(value, node, `untracked.${key}`)]),
    );
  }
  const sizeBytes = JSON.stringify(head).length;
  if (sizeBytes > MAX_RECORD_BYTES / 2)
    throw new RecordTooLargeError(node.name, `would hold ${sizeBytes} bytes of params`);
  return { node, head };
}

/**
 * The bytes of a record.
 *
 * @param inlineText - the payload as one line of JSON, if it is not a file
 * @throws {@link RecordTooLargeError}
 */
export function encodeRecord(
  draft: RecordDraft,
  payload: RecordedPayload,
  inlineText: string | undefined,
  provenance: Provenance,
): Uint8Array {
  const body: Record<string, JsonValue> = {
    ...draft.head,
    payload: payloadMember(payload),
    provenance: { ...provenance } as JsonValue,
  };
  const bytes = layOutRecord(draft.node.address, payload.format, body, inlineText);
  if (bytes.length > MAX_RECORD_BYTES)
    throw new RecordTooLargeError(draft.node.name, `would be ${bytes.length} bytes long`);
  return bytes;
}
