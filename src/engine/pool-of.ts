import type { DeclarationOptions } from "../persistable/declare/declaration.ts";

/** Stands for the nodes that are in no queue of a pool. */
export const NO_POOL = "default";

/**
 * Returns the pool in whose queue a node waits. The limits of a queue count jobs, so only nodes
 * that take 1 of a single pool are in the queue of a pool.
 */
export function poolOf({ pools = {} }: Pick<DeclarationOptions, "pools">): string {
  const [taken, ...others] = Object.entries(pools).filter(([, weight]) => weight !== 0);
  return taken !== undefined && others.length === 0 && taken[1] === 1 ? taken[0] : NO_POOL;
}
