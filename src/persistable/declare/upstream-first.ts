import type { State } from "./state.ts";

/** The nodes of a lineage, by the caller's own kind of node. */
interface Lineage<Node> {
  readonly upstreamOf: (node: Node) => readonly Node[];
  /** Whether a node still needs a visit; it must be false after the visit. */
  readonly needs: (node: Node) => boolean;
  readonly visit: (node: Node) => void;
}

/**
 * Visits a node after everything upstream of it that still needs a visit. It does not recurse,
 * since lineages may be longer than the stack.
 */
export function visitFirst<Node>(last: Node, { upstreamOf, needs, visit }: Lineage<Node>): void {
  const stack = [last];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const waitingFor = needs(top) ? upstreamOf(top).filter(needs) : [];
    if (waitingFor.length > 0) {
      stack.push(...waitingFor);
      continue;
    }
    stack.pop();
    if (needs(top)) visit(top);
  }
}

/**
 * Visits a state after everything upstream of it that still needs a visit.
 *
 * @param needs - whether a state still needs a visit; it must be false after the visit
 */
export function visitUpstreamFirst(
  state: State,
  needs: (state: State) => boolean,
  visit: (state: State) => void,
): void {
  visitFirst(state, { upstreamOf: ({ dependencyStates }) => dependencyStates, needs, visit });
}
