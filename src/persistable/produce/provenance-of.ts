import { collectProvenance } from "../../artifact/provenance/collect-provenance.ts";
import type { Provenance } from "../../record/record.ts";
import { provenanceKeysOf } from "../declare/declaration.ts";
import type { Generated, State } from "../declare/state.ts";

/** What the record says of how a payload was generated, whenever it is published. */
export async function provenanceOf(
  { declaration }: State,
  { createdAt, durationMs, taken }: Pick<Generated, "createdAt" | "durationMs" | "taken">,
): Promise<Provenance> {
  const { location, source } = provenanceKeysOf(declaration);
  return {
    createdAt,
    durationMs: Math.round(durationMs * 1000) / 1000,
    ...taken,
    source,
    ...(await collectProvenance(location)),
  };
}
