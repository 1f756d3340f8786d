import dagre from "@dagrejs/dagre";
import type { LayoutQuestion, LayoutResult } from "./layout.ts";

/** Finds a place for each node: what something was made from is to its left. */
export function layOut({ nodes, edges, width, height }: LayoutQuestion): LayoutResult {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 14, ranksep: 90 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const id of nodes) graph.setNode(id, { width, height });
  for (const { from, to } of edges) graph.setEdge(from, to);
  dagre.layout(graph);
  return new Map(
    nodes.map((id) => {
      const { x, y } = graph.node(id);
      return [id, { x: x - width / 2, y: y - height / 2 }];
    }),
  );
}
