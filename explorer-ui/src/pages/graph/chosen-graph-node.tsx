import type { GraphAnswer, GraphNode } from "../../../../src/explorer/api.ts";
import { Link } from "../../location/link.tsx";
import { urlOf } from "../../location/location.ts";
import { artifactsUrl, artifactUrl, graphUrl, nameUrl, whyUrl } from "../../location/pages.ts";
import { nodeStates, nodeTitle, valuesText } from "./graph-text.ts";

/** Says what the chosen node stands for, and where it leads. */
export function ChosenGraphNode({
  node,
  answer: { nodes, edges },
}: {
  readonly node: GraphNode;
  readonly answer: GraphAnswer;
}) {
  const titleOf = (id: string) => nodeTitle(nodes.find((other) => other.id === id));
  const madeFrom = edges.filter(({ to }) => to === node.id).map(({ from, role }) => `${role} (${titleOf(from)})`);
  const usedBy = edges.filter(({ from }) => from === node.id).map(({ to }) => titleOf(to));
  return (
    <section className="notice" aria-label="Chosen node">
      <p role="status">
        <strong>{nodeTitle(node)}</strong>: {nodeStates(node)} {node.kind === "artifact" ? valuesText(node) : ""}
      </p>
      <p className="small">
        made from {madeFrom.length === 0 ? "nothing in this graph" : madeFrom.join(", ")} · used by{" "}
        {usedBy.length === 0 ? "nothing in this graph" : usedBy.slice(0, 20).join(", ")}
        {usedBy.length > 20 ? ` and ${usedBy.length - 20} more` : ""}
      </p>
      <p className="buttons">
        {node.kind === "artifact" ? (
          <>
            <Link className="button" href={artifactUrl(node.id)}>
              Open
            </Link>
            <Link className="button" href={graphUrl([node.id])}>
              Graph of this one
            </Link>
            <Link className="button" href={whyUrl(node.id)}>
              Why
            </Link>
          </>
        ) : (
          <>
            <Link className="button" href={artifactsUrl(node.query)}>
              Its artifacts
            </Link>
            <Link className="button" href={urlOf("/graph", { q: node.query })}>
              Graph of these
            </Link>
            <Link className="button" href={nameUrl(node.name)}>
              All about {node.name}
            </Link>
          </>
        )}
      </p>
    </section>
  );
}
