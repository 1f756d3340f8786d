/** The reason why an instance cannot be written, or could not be made again. */
export interface InstanceProblem {
  readonly instance: object;
  readonly reason: "holds itself" | "too deep";
}

/**
 * Checks each instance by itself, in the order in which instances are written. An instance that can
 * be reached from its own encoding cannot be made: its encoding would have to be decoded first. And
 * a value that is shallow in the payload may be deep below an instance that is written before it.
 *
 * The loops are found by Tarjan's algorithm for strongly connected components, which visits every
 * object once, even a table that a thousand instances share.
 */
export function checkInstances(
  instances: ReadonlyMap<object, { readonly encoded: unknown }>,
  maxDepth: number,
): InstanceProblem | undefined {
  const order = new Map<object, number>();
  const open = new Set<object>();
  const stack: object[] = [];
  let problem: InstanceProblem | undefined;
  let root: object;

  const visit = (object: object, depth: number): number => {
    const own = order.size;
    let lowest = own;
    let holdsItself = false;
    order.set(object, own);
    if (depth > maxDepth) {
      problem ??= { instance: root, reason: "too deep" };
      return own;
    }
    open.add(object);
    stack.push(object);
    forEachChild(object, instances, (child) => {
      const known = order.get(child);
      if (known === undefined) lowest = Math.min(lowest, visit(child, depth + 1));
      else if (open.has(child)) {
        lowest = Math.min(lowest, known);
        holdsItself ||= child === object;
      }
    });
    if (lowest === own) {
      const component = stack.splice(stack.lastIndexOf(object));
      for (const member of component) open.delete(member);
      const instance = component.find((member) => instances.has(member));
      if (instance !== undefined && (component.length > 1 || holdsItself))
        problem ??= { instance, reason: "holds itself" };
    }
    return lowest;
  };

  for (const instance of instances.keys()) {
    root = instance;
    if (!order.has(instance)) visit(instance, 0);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function forEachChild(
  object: object,
  instances: ReadonlyMap<object, { readonly encoded: unknown }>,
  use: (child: object) => void,
): void {
  const useObject = (value: unknown): void => {
    if (typeof value === "object" && value !== null) use(value);
  };
  const instance = instances.get(object);
  if (instance !== undefined) useObject(instance.encoded);
  else if (object instanceof Map) {
    for (const [key, value] of object) {
      useObject(key);
      useObject(value);
    }
  } else if (object instanceof Set) for (const value of object) useObject(value);
  else if (!ArrayBuffer.isView(object)) for (const value of Object.values(object)) useObject(value);
}
