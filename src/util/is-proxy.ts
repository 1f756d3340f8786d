let isProxyOfNode: ((value: unknown) => boolean) | undefined;

/**
 * Returns whether an object is a proxy, as far as the runtime can tell. Callers check this before
 * anything else, so that no trap runs.
 */
export function isProxy(value: object): boolean {
  isProxyOfNode ??= globalThis.process?.getBuiltinModule?.("node:util")?.types.isProxy ?? (() => false);
  return isProxyOfNode(value);
}
