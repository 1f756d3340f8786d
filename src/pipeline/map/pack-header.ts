import { paramsTreeOf } from "../../persistable/declare/params-of.ts";
import type { State } from "../../persistable/declare/state.ts";
import type { MadeHow } from "./made-batch.ts";
import type { PackHeader, PackItem } from "./pack.ts";

/** The header of a pack that a map writes now. JSON has no bigints: those in params become text. */
export function packHeaderOf(state: State, items: readonly PackItem[], format: string, how: MadeHow): PackHeader {
  const { name, address } = state.recipe;
  const paramsText = JSON.stringify(paramsTreeOf(state), (_, value) =>
    typeof value === "bigint" ? String(value) : value,
  );
  return {
    pack: 1,
    name,
    map: address,
    params: JSON.parse(paramsText),
    format,
    createdAt: new Date().toISOString(),
    ...how,
    items,
  };
}
