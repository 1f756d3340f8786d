import { ADDRESS_SCHEME } from "../address/address-of.ts";
import type { JsonValue } from "../canonical/tagged-json.ts";
import {
  assertDepth,
  decodeTree,
  expectNumber,
  expectObject,
  expectString,
  expectVersion,
  isProblem,
  parseProvenance,
} from "./parse-record.ts";
import { type ArtifactRecord, MAX_RECORD_BYTES, RECORD_VERSION } from "./record.ts";

/** The parts of a record that {@link peekRecord} reads: its recipe and its generation. */
export type PeekedRecord = Pick<
  ArtifactRecord,
  "name" | "version" | "draw" | "params" | "untrackedParams" | "dependencies" | "provenance"
>;

/**
 * Reads what a record says, without a check whether the record may be believed. This is for
 * comparing very many records, of which the caller parses those that matter. Returns `undefined` if
 * the record cannot be read.
 */
export function peekRecord(bytes: Uint8Array): PeekedRecord | undefined {
  if (bytes.length > MAX_RECORD_BYTES) return undefined;
  try {
    assertDepth(bytes);
    const fields = expectObject(JSON.parse(new TextDecoder().decode(bytes)) as JsonValue, "record");
    if (fields.record !== RECORD_VERSION || fields.scheme !== ADDRESS_SCHEME) return undefined;
    const { params, untrackedParams, dependencies } = decodeTree(fields, []);
    return {
      name: expectString(fields.name, "name"),
      ...(fields.version === undefined ? {} : { version: expectVersion(fields.version) }),
      ...(fields.draw === undefined ? {} : { draw: expectNumber(fields.draw, "draw") }),
      params,
      untrackedParams,
      dependencies,
      provenance: parseProvenance(fields.provenance),
    };
  } catch (error) {
    if (isProblem(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
