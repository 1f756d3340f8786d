/**
 * A family is what has many payloads under one role: a map of items, or a persisted function. Its
 * recipe names what all of them share, and it has no payload of its own.
 *
 * A persisted function has, under this key, the function that builds it for a dependent. Everything
 * else that is declared under a role is such a function itself.
 */
export const roleKey: unique symbol = Symbol("persistable role");

/** Returns the function that builds what is declared under a role. */
export function builderOf(declared: unknown): unknown {
  return typeof declared === "function" && roleKey in declared ? declared[roleKey] : declared;
}
