import { type Inspected, inspectArtifact } from "../../artifact/read/inspect-artifact.ts";
import { certainStore } from "../../store/certain-store.ts";
import type { ClassCodec } from "../../util/class-codec.ts";
import type { State, Variant } from "../declare/state.ts";
import { variantsOf } from "../declare/variant-addresses.ts";

/** An artifact, or why there is none, under the present name or an earlier one. */
export interface InspectedVariant {
  readonly variant: Variant;
  readonly inspected: Inspected;
}

/** Inspects the artifact under the present name first, and then under each earlier one. */
export async function* inspectVariants(
  state: State,
  classes: readonly ClassCodec[],
  signal: AbortSignal | undefined,
): AsyncGenerator<InspectedVariant, void, undefined> {
  const { name, address } = state.recipe;
  const store = certainStore(state.surroundings.store);
  for (const variant of [{ name, address }, ...variantsOf(state)])
    yield { variant, inspected: await inspectArtifact(store, variant.name, variant.address, classes, signal) };
}
