/**
 * Marks the prototypes of wrappers around whole params (`secret(…)`, `untracked(…)`), so that a
 * walk through values tells them from a class of the user's that has the same name. The symbol is
 * in the global registry, so that two copies of this library use the same one.
 */
export const wrapperKind: unique symbol = Symbol.for("persistable-ts.wrapper");
