import {
  Background,
  Controls,
  type Edge,
  Handle,
  MarkerType,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
} from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { useMemo, useState } from "react";
import type { GraphAnswer, GraphNode, StateCounts } from "../../../../src/explorer/api.ts";
import { changeParams, useLocation } from "../../location/location.ts";
import { StateMark } from "../../parts/state-mark.tsx";
import { nodeTitle, valuesText } from "./graph-text.ts";
import { type LayoutResult, NODE_HEIGHT, NODE_WIDTH } from "./layout.ts";

type LineageNode = Node<{ readonly node: GraphNode }, "lineage">;

const NODE_TYPES = { lineage: LineageNodeView };

/** The graph itself: it can be moved and zoomed, and a node opens with a click or with Enter. */
export function LineageFlow({
  answer: { nodes, edges },
  layout,
  chosen,
  onChoose,
}: {
  readonly answer: GraphAnswer;
  readonly layout: LayoutResult;
  readonly chosen: string | undefined;
  readonly onChoose: (id: string) => void;
}) {
  const { params } = useLocation();
  // The place that a URL names; the reader moves on from there.
  const [view] = useState(() => viewOf(params.get("z")));
  const flowNodes = useMemo(
    () =>
      nodes.map(
        (node): LineageNode => ({
          id: node.id,
          type: "lineage",
          data: { node },
          position: layout.get(node.id) ?? { x: 0, y: 0 },
          width: NODE_WIDTH,
          height: NODE_HEIGHT,
          selected: node.id === chosen,
          ariaLabel: nodeTitle(node),
        }),
      ),
    [nodes, layout, chosen],
  );
  const flowEdges = useMemo(
    () =>
      edges.map(
        ({ from, to, role, count }): Edge => ({
          id: `${from} ${to} ${role}`,
          source: from,
          target: to,
          label: count > 1 ? `${role} ×${count}` : role,
          markerEnd: { type: MarkerType.ArrowClosed },
          focusable: false,
        }),
      ),
    [edges],
  );
  return (
    <div className="flow">
      <ReactFlow
        nodes={flowNodes}
        edges={flowEdges}
        nodeTypes={NODE_TYPES}
        nodesDraggable={false}
        nodesConnectable={false}
        onNodeClick={(_, node) => onChoose(node.id)}
        onNodesChange={(changes) => {
          const selected = changes.find((change) => change.type === "select" && change.selected);
          if (selected?.type === "select") onChoose(selected.id);
        }}
        fitView={view === undefined}
        {...(view === undefined ? {} : { defaultViewport: view })}
        onMoveEnd={(event, { x, y, zoom }) => {
          // Fitting the graph into its place is not something that the reader has done.
          if (event !== null) changeParams({ z: [Math.round(x), Math.round(y), zoom.toFixed(2)].join(",") });
        }}
        fitViewOptions={{ maxZoom: 1.2 }}
        minZoom={0.02}
        onlyRenderVisibleElements
        preventScrolling={false}
        zoomOnScroll={false}
        colorMode="system"
        proOptions={{ hideAttribution: false }}
      >
        <Background />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}

/** Reads `-120,40,0.75`: how far the drawing is moved, and its scale. */
function viewOf(text: string | null) {
  const [x, y, zoom] = (text ?? "").split(",").map(Number);
  return x === undefined || y === undefined || zoom === undefined || !(zoom > 0) ? undefined : { x, y, zoom };
}

function LineageNodeView({ data: { node }, selected }: NodeProps<LineageNode>) {
  return (
    <div
      className="flow-node"
      data-root={node.kind === "artifact" ? node.isRoot : node.hasRoot}
      data-group={node.kind === "name"}
      data-chosen={selected}
    >
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <strong>{nodeTitle(node)}</strong>
      {node.kind === "name" ? (
        <States states={node.states} />
      ) : (
        <span>
          <StateMark state={node.state} /> <span className="small">{valuesText(node)}</span>
        </span>
      )}
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  );
}

function States({ states }: { readonly states: StateCounts }) {
  const entries = Object.entries(states) as [keyof StateCounts, number][];
  return (
    <span className="states">
      {entries.map(([state, count]) => (
        <StateMark key={state} state={state} count={count} />
      ))}
    </span>
  );
}
