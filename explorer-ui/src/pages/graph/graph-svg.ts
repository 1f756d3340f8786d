import type { GraphAnswer } from "../../../../src/explorer/api.ts";
import { nodeStates, nodeTitle, valuesText } from "./graph-text.ts";
import { type LayoutResult, NODE_HEIGHT, NODE_WIDTH } from "./layout.ts";

const MARGIN = 20;

/** The graph as a drawing of its own: the page draws it with HTML, which is not in an SVG. */
export function graphSvg({ nodes, edges }: GraphAnswer, layout: LayoutResult): Blob {
  const places = [...layout.values()];
  const width = Math.max(0, ...places.map(({ x }) => x)) + NODE_WIDTH + 2 * MARGIN;
  const height = Math.max(0, ...places.map(({ y }) => y)) + NODE_HEIGHT + 2 * MARGIN;
  const at = (id: string) => layout.get(id) ?? { x: 0, y: 0 };
  const lines = edges.map(({ from, to, role, count }) => {
    const [x1, y1] = [at(from).x + NODE_WIDTH, at(from).y + NODE_HEIGHT / 2];
    const [x2, y2] = [at(to).x, at(to).y + NODE_HEIGHT / 2];
    const middle = (x1 + x2) / 2;
    const label = escapeXml(count > 1 ? `${role} ×${count}` : role);
    return `<path d="M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}" fill="none" stroke="#777" marker-end="url(#arrow)"/><text x="${middle}" y="${(y1 + y2) / 2 - 4}" text-anchor="middle" fill="#555">${label}</text>`;
  });
  const boxes = nodes.map((node) => {
    const { x, y } = at(node.id);
    const below = node.kind === "artifact" ? `${nodeStates(node)} ${valuesText(node)}` : nodeStates(node);
    return `<g transform="translate(${x} ${y})"><rect width="${NODE_WIDTH}" height="${NODE_HEIGHT}" rx="6" fill="#fff" stroke="#333"/><text x="10" y="24" font-weight="bold">${escapeXml(nodeTitle(node))}</text><text x="10" y="44" fill="#555">${escapeXml(below.slice(0, 34))}</text></g>`;
  });
  const arrow =
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="#777"/></marker></defs>';
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="12">${arrow}<g transform="translate(${MARGIN} ${MARGIN})">${lines.join("")}${boxes.join("")}</g></svg>`;
  return new Blob([svg], { type: "image/svg+xml" });
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
