import type { Address } from "../../address/address.ts";
import { isRecord, parseRecord } from "../../record/parse-record.ts";
import { certainStore } from "../../store/certain-store.ts";
import type { Store } from "../../store/store.ts";
import type { ClassCodec } from "../../util/class-codec.ts";
import { isPayloadFileOf } from "../layout/artifact-paths.ts";
import { readRecordBytes } from "../layout/read-record-bytes.ts";
import { recordPath } from "../layout/record-path.ts";
import { isHealed } from "./is-healed.ts";
import { openSource } from "./open-stored-payload.ts";
import { settleDamage } from "./settle-damage.ts";
import type { StoredSource } from "./stored-source.ts";

/** An artifact that another process may replace while a reader holds a handle on it. */
export interface Succession {
  readonly store: Store;
  readonly name: string;
  readonly address: Address;
  readonly classes: readonly ClassCodec[];
  /** The id of the format that reads the handle. */
  readonly format: string;
}

/** Being replaced between two looks this many times in a row is odd. */
const MAX_SUCCESSORS = 8;

/**
 * Opens the payload that has replaced another one, for a reader that has not got any bytes yet.
 *
 * @returns `undefined` if no payload of the same format has replaced it
 * @throws {@link NewerRecordError}; a StoreError
 */
export async function succeedingSource(
  succession: Succession,
  left: number = MAX_SUCCESSORS,
): Promise<StoredSource | undefined> {
  const { store, name, address, classes, format } = succession;
  const recordFile = recordPath(name, address);
  const recordBytes = left === 0 ? undefined : await readRecordBytes(certainStore(store), recordFile);
  if (recordBytes === undefined) return undefined;
  const record = parseRecord(recordBytes, recordFile, classes);
  if (!isRecord(record) || record.address !== address || record.name !== name) return undefined;
  const { file, format: id } = record.payload;
  if (id !== format || file === undefined || !isPayloadFileOf(file, address)) return undefined;
  const source = openSource({
    store,
    name,
    address,
    payload: { ...record.payload, file },
    heal: () => isHealed(certainStore(store), recordFile, { recordBytes }),
    onDamage: (damage) => settleDamage({ store, name, address, recordBytes }, damage),
    successor: () => succeedingSource(succession, left - 1),
  });
  source.handOut();
  return source;
}
