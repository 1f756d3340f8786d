import { InvalidRunOptionsError } from "../../errors/pipeline-errors.ts";

/** What depends on what, in arrays: 100,000 nodes are no objects. */
export interface ScheduleGraph {
  readonly count: number;
  /** The dependencies of node `i` are `dependencies[dependencyStart[i]]` up to, and without, `dependencies[dependencyStart[i + 1]]`. */
  readonly dependencyStart: Int32Array;
  readonly dependencies: Int32Array;
}

/** The same the other way round. */
export interface Dependents {
  /** The dependents of node `i` are `dependents[dependentStart[i]]` up to, and without, `dependents[dependentStart[i + 1]]`. */
  readonly dependentStart: Int32Array;
  readonly dependents: Int32Array;
}

/** Who waits for whom. */
export function dependentsOf({ count, dependencyStart, dependencies }: ScheduleGraph): Dependents {
  const edges = count === 0 ? 0 : (dependencyStart[count] as number);
  const dependentStart = new Int32Array(count + 2);
  const dependents = new Int32Array(edges);
  // Shifted by one, so that filling moves each start to where it belongs and no second array is needed.
  for (let edge = 0; edge < edges; edge++) {
    const slot = (dependencies[edge] as number) + 2;
    dependentStart[slot] = (dependentStart[slot] as number) + 1;
  }
  for (let slot = 2; slot < dependentStart.length; slot++) {
    dependentStart[slot] = (dependentStart[slot] as number) + (dependentStart[slot - 1] as number);
  }
  for (let node = 0; node < count; node++) {
    const end = dependencyStart[node + 1] as number;
    for (let edge = dependencyStart[node] as number; edge < end; edge++) {
      const slot = (dependencies[edge] as number) + 1;
      const at = dependentStart[slot] as number;
      dependents[at] = node;
      dependentStart[slot] = at + 1;
    }
  }
  return { dependentStart: dependentStart.subarray(0, count + 1), dependents };
}

/** Whether every node stands after all that it depends on. */
export function isInOrder({ count, dependencyStart, dependencies }: ScheduleGraph): boolean {
  for (let node = 0; node < count; node++) {
    const end = dependencyStart[node + 1] as number;
    for (let edge = dependencyStart[node] as number; edge < end; edge++) {
      if ((dependencies[edge] as number) >= node) return false;
    }
  }
  return true;
}

/**
 * All nodes, each after all that it depends on.
 *
 * @throws {@link InvalidRunOptionsError} where they depend on each other in a circle.
 */
export function topologicalOrder(graph: ScheduleGraph, { dependentStart, dependents }: Dependents): Int32Array {
  const { count, dependencyStart } = graph;
  const order = new Int32Array(count);
  const missing = new Int32Array(count);
  let end = 0;
  for (let node = 0; node < count; node++) {
    missing[node] = (dependencyStart[node + 1] as number) - (dependencyStart[node] as number);
    if (missing[node] === 0) order[end++] = node;
  }
  for (let at = 0; at < end; at++) {
    const node = order[at] as number;
    const edgeEnd = dependentStart[node + 1] as number;
    for (let edge = dependentStart[node] as number; edge < edgeEnd; edge++) {
      const dependent = dependents[edge] as number;
      missing[dependent] = (missing[dependent] as number) - 1;
      if (missing[dependent] === 0) order[end++] = dependent;
    }
  }
  if (end < count) throw circleError(graph, missing);
  return order;
}

const MAX_NAMED = 10;

/** Each node that misses something depends on another one that does: following them leads into the circle. */
function circleError({ dependencyStart, dependencies }: ScheduleGraph, missing: Int32Array): InvalidRunOptionsError {
  const seenAt = new Map<number, number>();
  let node = missing.findIndex((left) => left > 0);
  while (!seenAt.has(node)) {
    seenAt.set(node, seenAt.size);
    const own = dependencies.subarray(dependencyStart[node], dependencyStart[node + 1]);
    node = own.find((dependency) => (missing[dependency] as number) > 0) as number;
  }
  const circle = [...seenAt.keys()].slice(seenAt.get(node));
  const named = circle.length > MAX_NAMED ? [...circle.slice(0, MAX_NAMED), "…"] : circle;
  return new InvalidRunOptionsError(
    `Nodes depend on each other in a circle: ${[...named, node].join(" -> ")}. None of them can be done before the others: take one dependency out.`,
  );
}
