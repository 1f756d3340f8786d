import { DefinitionError } from "../errors/persistable-errors.ts";
import { definitionBehind, isMaker, type Maker, nameOf, upstreamOf, versionOf } from "../persistable/worker/makers.ts";

/**
 * The definitions and classes of a module by their payload name: those that it exports, and those
 * that these declare as dependencies. A message from a queue only ever names one of them.
 */
export type Registry = ReadonlyMap<string, readonly Maker[]>;

/**
 * Collects the definitions that a module exports, and everything upstream of them.
 *
 * @throws {@link DefinitionError} if two of them have the same name and version
 */
export function registryOf(exports: Readonly<Record<string, unknown>>): Registry {
  const registry = new Map<string, Maker[]>();
  const makers = Object.values(exports).map(definitionBehind).filter(isMaker);
  const seen = new Set(makers);
  // The loop also visits the makers that it adds to the set.
  for (const maker of seen) {
    for (const upstream of upstreamOf(maker)) seen.add(upstream);
    const name = nameOf(maker);
    const others = registry.get(name) ?? [];
    if (others.some((other) => versionOf(other) === versionOf(maker)))
      throw new DefinitionError(
        `Two definitions are named ${JSON.stringify(name)} with the same version. A worker could not tell them apart: give one of them another name or version.`,
      );
    registry.set(name, [...others, maker]);
  }
  return registry;
}
