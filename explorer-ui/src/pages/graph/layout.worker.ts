import dagre from "@dagrejs/dagre";
import type { LayoutQuestion, LayoutResult } from "./layout.ts";

// Laying out hundreds of nodes takes a while, in which the page has to answer.
self.addEventListener("message", ({ data }: MessageEvent<LayoutQuestion>) => {
  self.postMessage(layOut(data));
});

function layOut({ nodes, edges, width, height }: LayoutQuestion): LayoutResult {
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
