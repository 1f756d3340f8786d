import { lazy, Suspense } from "react";
import type { GraphAnswer } from "../../../../src/explorer/api.ts";
import { routeUrl } from "../../api/ask.ts";
import { useAnswer } from "../../api/use-answer.ts";
import { Link } from "../../location/link.tsx";
import { changeParams, useLocation } from "../../location/location.ts";
import { shortAddress } from "../../location/pages.ts";
import { CommandsBar } from "../../parts/commands-bar.tsx";
import { download } from "../../parts/download.ts";
import { Drawing } from "../../parts/drawing/drawing.tsx";
import { Answer, Empty, Loading } from "../../parts/notices.tsx";
import type { TextTable } from "../../parts/table/table-text.ts";
import { countOf, formatCount } from "../../text/format.ts";
import { ChosenGraphNode } from "./chosen-graph-node.tsx";
import { graphSvg } from "./graph-svg.ts";
import { nodeStates, nodeTitle, valuesText } from "./graph-text.ts";
import { type LayoutResult, useLayout } from "./layout.ts";

const LineageFlow = lazy(async () => ({ default: (await import("./lineage-flow.tsx")).LineageFlow }));

/** Draws what is made from what: of chosen artifacts, or of all that the query means. */
export function GraphPage() {
  const { params } = useLocation();
  const of = params.getAll("of");
  const question = {
    ...(of.length > 0 ? { of } : { query: params.get("q") ?? "" }),
    up: params.get("up") ?? (of.length > 0 ? "2" : "1"),
    down: params.get("down") ?? "0",
    ...(params.get("group") === null ? {} : { group: params.get("group") ?? "" }),
    ...(params.get("limit") === null ? {} : { limit: params.get("limit") ?? "" }),
  };
  const asked = useAnswer("/api/graph", question);
  return (
    <main>
      <h1>Graph</h1>
      <div className="policy">
        <Depth param="up" title="steps to what it is made from" value={question.up} />
        <Depth param="down" title="steps to what is made from it" value={question.down} />
        <label>
          nodes
          <select
            value={params.get("group") ?? ""}
            onChange={({ target }) => changeParams({ group: target.value, n: undefined })}
          >
            <option value="">as it fits</option>
            <option value="name">one for each name</option>
            <option value="none">one for each artifact</option>
          </select>
        </label>
        {of.length === 0 ? null : (
          <p>
            of {of.map((address) => shortAddress(address)).join(", ")}{" "}
            <button type="button" onClick={() => changeParams({ of: undefined, n: undefined })}>
              of everything
            </button>
          </p>
        )}
      </div>
      <Answer of={asked} what="the graph">
        {(answer) =>
          answer.nodes.length === 0 ? (
            <Empty title="There is nothing to draw.">
              <p>
                No artifact fits the query, or there are none yet. <Link href="/">Artifacts</Link> shows what there is.
              </p>
            </Empty>
          ) : (
            <ShownGraph answer={answer} question={question} />
          )
        }
      </Answer>
    </main>
  );
}

function Depth({ param, title, value }: { readonly param: string; readonly title: string; readonly value: string }) {
  return (
    <label>
      {title}
      <input
        type="number"
        min={0}
        max={20}
        value={value}
        onChange={({ target }) => changeParams({ [param]: target.value })}
      />
    </label>
  );
}

function ShownGraph({ answer, question }: { readonly answer: GraphAnswer; readonly question: object }) {
  const { nodes, groupedBecause, artifacts, shown, limit, commands } = answer;
  const { params } = useLocation();
  const layout = useLayout(answer);
  const chosen = nodes.find(({ id }) => id === params.get("n") || shortAddress(id) === params.get("n"));
  const summary = `${countOf(nodes.length, "node")} for ${countOf(artifacts, "artifact")}${shown < artifacts ? `, ${formatCount(shown)} of them drawn` : ""}`;
  const files = ["mermaid", "dot"].map((format) => ({
    title: format === "dot" ? "DOT" : "Mermaid",
    get: routeUrl("/api/graph-file", { ...question, group: undefined, limit: undefined, format }),
  }));
  const svg = { title: "SVG", get: () => layout && download("graph.svg", graphSvg(answer, layout)) };
  return (
    <>
      {groupedBecause === undefined ? null : (
        <p className="notice">
          {groupedBecause}{" "}
          {limit < 2000 && artifacts <= 2000 ? (
            <button type="button" onClick={() => changeParams({ group: "none", limit: "2000" })}>
              draw all {formatCount(artifacts)}
            </button>
          ) : null}
        </p>
      )}
      <Drawing title="Lineage" summary={summary} table={graphTable(answer)} items={[svg, ...files]} hasSvg={false}>
        <GraphDrawn answer={answer} layout={layout} chosen={chosen?.id} />
      </Drawing>
      {chosen === undefined ? null : <ChosenGraphNode node={chosen} answer={answer} />}
      <CommandsBar commands={commands} />
    </>
  );
}

function GraphDrawn({
  answer,
  layout,
  chosen,
}: {
  readonly answer: GraphAnswer;
  readonly layout: LayoutResult | undefined;
  readonly chosen: string | undefined;
}) {
  const isCurrent = layout !== undefined && answer.nodes.every(({ id }) => layout.has(id));
  if (!isCurrent) return <Loading what="the layout" />;
  return (
    <Suspense fallback={<Loading what="the drawing" />}>
      <LineageFlow
        answer={answer}
        layout={layout}
        chosen={chosen}
        onChoose={(id) => changeParams({ n: id.startsWith("name:") ? id : shortAddress(id) })}
      />
    </Suspense>
  );
}

function graphTable({ nodes, edges }: GraphAnswer): TextTable {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const sources = (id: string) =>
    edges
      .filter(({ to }) => to === id)
      .map(({ from, role, count }) => `${role}: ${nodeTitle(byId.get(from))}${count > 1 ? ` ×${count}` : ""}`);
  return {
    titles: ["node", "state", "params", "made from"],
    rows: nodes.map((node) => [
      nodeTitle(node),
      nodeStates(node),
      node.kind === "name" ? "" : valuesText(node),
      sources(node.id).join(", "),
    ]),
  };
}
