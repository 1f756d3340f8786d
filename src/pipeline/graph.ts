import { InvalidRunOptionsError } from "../errors/pipeline-errors.ts";

/**
 * The dependencies between nodes, which are numbered from 0.
 *
 * An array of dependencies per node would be an object per node. Instead, the lists of all nodes
 * lie one after another in a single array, and `start[node]` says where the list of a node begins.
 * Only this file indexes these arrays.
 */
export class Graph {
  readonly count: number;
  readonly #dependencies: NodeLists;
  #dependents: NodeLists | undefined;
  #order: Int32Array | undefined;

  private constructor(dependencies: NodeLists) {
    this.count = dependencies.start.length - 1;
    this.#dependencies = dependencies;
  }

  /**
   * @param start - where the list of each node begins, and after the last node where its list ends
   * @param dependencies - the lists of all nodes, one after another
   */
  static fromLists(start: ArrayLike<number>, dependencies: ArrayLike<number>): Graph {
    return new Graph({ start: Int32Array.from(start), nodes: Int32Array.from(dependencies) });
  }

  /** The nodes that must be done before this one. */
  dependenciesOf(node: number): Int32Array {
    return listOf(this.#dependencies, node);
  }

  /** The nodes that wait for this one. */
  dependentsOf(node: number): Int32Array {
    this.#dependents ??= reverse(this.#dependencies, this.count);
    return listOf(this.#dependents, node);
  }

  /** The number of dependencies of each node, in a new array that the caller may change. */
  dependencyCounts(): Int32Array {
    const { start } = this.#dependencies;
    return start.subarray(0, this.count).map((from, node) => (start[node + 1] ?? 0) - from);
  }

  /** @throws {@link InvalidRunOptionsError} if nodes depend on each other in a circle */
  assertNoCircle(): void {
    this.#order ??= this.#sort();
  }

  /**
   * All nodes, each after its dependencies.
   *
   * @throws {@link InvalidRunOptionsError} if nodes depend on each other in a circle
   */
  get order(): Int32Array {
    this.#order ??= this.#sort();
    return this.#order;
  }

  #sort(): Int32Array {
    const missing = this.dependencyCounts();
    const order = new Int32Array(this.count);
    let end = 0;
    for (const [node, count] of missing.entries()) if (count === 0) order[end++] = node;
    for (let at = 0; at < end; at++) {
      for (const dependent of this.dependentsOf(order[at] ?? 0))
        if (add(missing, dependent, -1) === 0) order[end++] = dependent;
    }
    if (end < this.count) throw this.#circleError(missing);
    return order;
  }

  /**
   * Every node that could not be sorted depends on another one that could not. Following these
   * dependencies must come back to a node on the path, and that closes a circle.
   */
  #circleError(missing: Int32Array): InvalidRunOptionsError {
    const path: number[] = [];
    let node = missing.findIndex((left) => left > 0);
    while (!path.includes(node)) {
      path.push(node);
      node = this.dependenciesOf(node).find((dependency) => missing[dependency] !== 0) ?? node;
    }
    const circle = path.slice(path.indexOf(node));
    const named = circle.length > MAX_NAMED ? [...circle.slice(0, MAX_NAMED), "…"] : circle;
    return new InvalidRunOptionsError(
      `Nodes depend on each other in a circle: ${[...named, node].join(" -> ")}. None of them can be done before the others: take one dependency out.`,
    );
  }
}

const MAX_NAMED = 10;

/** Adds to one number of an array, and returns the sum. */
export function add(numbers: Int32Array, index: number, change: number): number {
  const sum = (numbers[index] ?? 0) + change;
  numbers[index] = sum;
  return sum;
}

interface NodeLists {
  readonly start: Int32Array;
  readonly nodes: Int32Array;
}

function listOf({ start, nodes }: NodeLists, node: number): Int32Array {
  return nodes.subarray(start[node], start[node + 1]);
}

function reverse(lists: NodeLists, count: number): NodeLists {
  const start = new Int32Array(count + 1);
  for (const target of lists.nodes) add(start, target + 1, 1);
  for (let node = 0; node < count; node++) add(start, node + 1, start[node] ?? 0);
  const free = start.slice();
  const nodes = new Int32Array(lists.nodes.length);
  for (let node = 0; node < count; node++) {
    for (const target of listOf(lists, node)) nodes[add(free, target, 1) - 1] = node;
  }
  return { start, nodes };
}
