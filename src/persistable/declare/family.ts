/**
 * A family has many payloads under one role: it is a map of items, or a persisted function. Its
 * recipe names what its payloads share, and it has no payload of its own.
 *
 * Under this key, a persisted function has a function that builds it for a dependent. All other
 * declarations under a role are themselves such functions.
 */
export const roleKey: unique symbol = Symbol("persistable role");

/** Returns the function that builds what is declared under a role. */
export function builderOf(declared: unknown): unknown {
  return typeof declared === "function" && roleKey in declared ? declared[roleKey] : declared;
}
