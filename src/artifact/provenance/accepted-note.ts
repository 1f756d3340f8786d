import type { Address } from "../../address/address.ts";
import { isAddress } from "../../address/address-of.ts";
import { fieldsOf } from "../../util/fields-of.ts";
import { tryParseJson } from "../../util/json/checks.ts";

/** The statement of a user that a change of the source does not matter to one artifact. */
export interface AcceptedSource {
  readonly name: string;
  readonly address: Address;
  /** The fingerprint of the source that made the artifact. */
  readonly recorded: string;
  /** The fingerprint of the source that the user has accepted. It does not cover later changes. */
  readonly accepted: string;
}

const VERSION = 1;

export function encodeAccepted(change: AcceptedSource): Uint8Array {
  const note = { accept: VERSION, ...change, acceptedAt: new Date().toISOString() };
  return Buffer.from(`${JSON.stringify(note, undefined, 2)}\n`);
}

/** Returns `undefined` for anything that is not such a statement of this release. */
export function parseAccepted(bytes: Uint8Array): AcceptedSource | undefined {
  const { accept, name, address, recorded, accepted } = fieldsOf(tryParseJson(bytes));
  if (accept !== VERSION || typeof name !== "string" || !isAddress(address)) return undefined;
  return isFingerprint(recorded) && isFingerprint(accepted) ? { name, address, recorded, accepted } : undefined;
}

function isFingerprint(value: unknown): value is string {
  return typeof value === "string" && /^sha256:[0-9a-f]{64}$/.test(value);
}
