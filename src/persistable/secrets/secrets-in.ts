import { Secret } from "../../params/secret.ts";
import { isProxy } from "../../util/is-proxy.ts";

const MAX_VALUES = 1000;

/** Returns the secrets anywhere inside a value, each once. */
export function secretsIn(value: unknown): readonly Secret<unknown>[] {
  if (typeof value !== "object" || value === null) return NO_SECRETS;
  const found: Secret<unknown>[] = [];
  for (const inner of valuesIn(value)) if (inner instanceof Secret) found.push(inner);
  return found;
}

export const NO_SECRETS: readonly Secret<unknown>[] = Object.freeze([]);

/**
 * Joins the secrets of several persistables. If there are none to add, it returns the same list:
 * the redactors that are kept for that list can then be used again.
 */
export function joinSecrets(
  secrets: readonly Secret<unknown>[],
  more: readonly Secret<unknown>[],
): readonly Secret<unknown>[] {
  if (more.length === 0 || more === secrets) return secrets;
  if (secrets.length === 0) return more;
  const joined = new Set([...secrets, ...more]);
  return joined.size === secrets.length ? secrets : [...joined];
}

/**
 * Yields a value and everything inside it, up to `MAX_VALUES`, each object once. Getters are not
 * called.
 */
export function* valuesIn(root: unknown): Generator<unknown> {
  const seen = new Set<unknown>();
  const stack = [root];
  for (let count = 0; stack.length > 0 && count < MAX_VALUES; count++) {
    const value = stack.pop();
    if (typeof value === "object" && value !== null) {
      if (seen.has(value) || isProxy(value)) continue;
      seen.add(value);
    }
    yield value;
    stack.push(...childrenOf(value));
  }
}

function childrenOf(value: unknown): unknown[] {
  if (typeof value !== "object" || value === null || value instanceof Secret || ArrayBuffer.isView(value)) return [];
  if (value instanceof Map) return [...Map.prototype.entries.call(value)].flat();
  if (value instanceof Set) return [...Set.prototype.values.call(value)];
  return Object.keys(value).map((key) => Object.getOwnPropertyDescriptor(value, key)?.value);
}

/** Returns undefined for a secret that only the environment of another process has. */
export function tryReveal(secret: Secret<unknown>): unknown {
  try {
    return secret.reveal();
  } catch {
    return undefined;
  }
}
