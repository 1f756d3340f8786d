import { inspectArtifact } from "../../artifact/read/inspect-artifact.ts";
import { CorruptArtifactError } from "../../errors/artifact-errors.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import { certainStore } from "../../store/certain-store.ts";
import type { State } from "../declare/state.ts";
import { variantsOf } from "../declare/variant-addresses.ts";

/** The record under the present name or an earlier one. */
export async function readRecord(state: State): Promise<ArtifactRecord | undefined> {
  const { name, address, classes } = state.recipe;
  for (const variant of [{ name, address }, ...variantsOf(state)]) {
    const inspected = await inspectArtifact(
      certainStore(state.surroundings.store),
      variant.name,
      variant.address,
      classes,
      undefined,
    );
    if (inspected.state === "present") return inspected.record;
    if (inspected.state === "damaged")
      throw new CorruptArtifactError(name, variant.address, inspected.file, inspected.problem);
  }
  return undefined;
}
