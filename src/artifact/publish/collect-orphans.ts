import { DefinitionError } from "../../errors/persistable-errors.ts";
import type { Store } from "../../store/store.ts";
import { lazyPart } from "../../util/peers/load-part.ts";
import type { RemovedOrphans, RemoveOrphansOptions } from "./remove-orphans.ts";

const removeOrphansPart = lazyPart(() => import("./remove-orphans.ts"));

/**
 * Remove payload files of one name that no record refers to: a crash between the payload and its
 * record leaves such files. Files younger than the grace are left alone, since their record may be
 * on its way; so is the payload of a record that cannot be read.
 *
 * @throws {@link DefinitionError} if no name is given; a StoreError if the store cannot be read:
 * nothing is removed on a guess
 *
 * @example
 * ```ts
 * import { collectOrphans, openStore } from "persistable-ts";
 *
 * await collectOrphans(openStore("example-data"), "outlier_estimator");
 * ```
 */
export async function collectOrphans(
  store: Store,
  name: string,
  options: RemoveOrphansOptions = {},
): Promise<RemovedOrphans> {
  if (typeof name !== "string" || name === "") {
    throw new DefinitionError(
      'collectOrphans was given no name. Give the name of the payloads to clean up after: collectOrphans(store, "outlier_estimator").',
    );
  }
  const { removeOrphans } = await removeOrphansPart();
  return removeOrphans(store, name, options);
}
