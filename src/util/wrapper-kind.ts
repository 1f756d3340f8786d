/**
 * Marks the prototypes of wrappers around whole params (`secret(…)`, `untracked(…)`), so that a
 * walk through values tells them from a class of the user's that has the same name. In the global
 * registry: two copies of this library agree on it.
 */
export const wrapperKind: unique symbol = Symbol.for("persistable-ts.wrapper");
