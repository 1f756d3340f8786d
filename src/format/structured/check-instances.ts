/** Why instances could not be written or made. */
export interface InstanceProblem {
  readonly instance: object;
  readonly reason: "holds itself" | "too deep";
}

/**
 * Looks at instances in the order in which they are written, each by itself: an instance that can be reached from its own encoding could not be made before
 * what it is made of; and what lay shallow in the payload may be deep below an instance that is written first.
 *
 * The loops are Tarjan's strongly connected components, so that a table which a thousand instances share is walked once.
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
