import type { Address } from "../address/address.ts";
import type { DamagedObject } from "../inspect/payload-object.ts";

/** The findings of a look at every byte of one artifact. */
export interface VerifiedArtifact {
  /** The path of its record in the store. */
  readonly path: string;
  /** The name of the artifact; if its record is damaged, the name of its folder. */
  readonly name: string;
  readonly address: Address;
  /**
   * - `newer`: only a newer release can read it; - `unreadable`: the store could not be read, so
   * nothing is known about the artifact.
   */
  readonly state: "intact" | "damaged" | "newer" | "unreadable";
  /** The problem of each damaged or unreadable object. */
  readonly damaged: readonly DamagedObject[];
  /** The outcome of `repair`; absent if nothing could be done. */
  readonly repaired?: "set-aside" | "healed";
}
