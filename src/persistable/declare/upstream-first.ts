import type { State } from "./state.ts";

/**
 * Visit a state after everything upstream of it that still needs a visit, without recursion: lineages may be longer than the stack.
 *
 * @param needs - whether a state still needs a visit; what it gives must turn false by visiting
 */
export function visitUpstreamFirst(
  state: State,
  needs: (state: State) => boolean,
  visit: (state: State) => void,
): void {
  const stack = [state];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const waitingFor = needs(top) ? top.dependencyStates.filter(needs) : [];
    if (waitingFor.length > 0) {
      stack.push(...waitingFor);
      continue;
    }
    stack.pop();
    if (needs(top)) visit(top);
  }
}
