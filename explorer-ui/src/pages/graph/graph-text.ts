import type { GraphNode } from "../../../../src/explorer/api.ts";
import { shortAddress } from "../../location/pages.ts";
import { stateWord } from "../../parts/state-mark.tsx";
import { formatCount, formatValue } from "../../text/format.ts";

export function nodeTitle(node: GraphNode | undefined): string {
  if (node === undefined) return "";
  return node.kind === "name" ? `${node.name} ×${formatCount(node.count)}` : `${node.name} ${shortAddress(node.id)}`;
}

export function nodeStates(node: GraphNode): string {
  if (node.kind === "artifact") return stateWord(node.state);
  return Object.entries(node.states)
    .map(([state, count]) => `${formatCount(count)} ${stateWord(state as keyof typeof node.states)}`)
    .join(", ");
}

export function valuesText({ values }: Extract<GraphNode, { readonly kind: "artifact" }>): string {
  return Object.entries(values)
    .map(([field, value]) => `${field} ${formatValue(value)}`)
    .join(", ");
}
