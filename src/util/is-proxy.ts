let isProxyOfNode: ((value: unknown) => boolean) | undefined;

/** Whether an object is a proxy, as far as the runtime tells; asked before anything else is, so that no trap runs. */
export function isProxy(value: object): boolean {
  isProxyOfNode ??= globalThis.process?.getBuiltinModule?.("node:util")?.types.isProxy ?? (() => false);
  return isProxyOfNode(value);
}
