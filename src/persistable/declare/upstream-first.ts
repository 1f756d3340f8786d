import type { State } from "./state.ts";

/**
 * Visits a state after everything upstream of it that still needs a visit. It does not recurse,
 * since lineages may be longer than the stack.
 *
 * @param needs - whether a state still needs a visit; it must be false after the visit
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
