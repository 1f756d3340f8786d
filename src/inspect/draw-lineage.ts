import { visibleLine } from "../errors/visible-text.ts";
import type { Lineage, LineageNode } from "./lineage.ts";

/** By default, a lineage with more artifacts than this is drawn with one box for each name. */
const MOST_BOXES = 300;

/** How a lineage is drawn. */
export interface DrawLineageOptions {
  /** One box for each name, with the number of its artifacts; by default above 300 artifacts. */
  readonly isGrouped?: boolean | undefined;
}

interface Drawing {
  readonly boxes: readonly { readonly label: string; readonly isRoot: boolean }[];
  readonly arrows: readonly { readonly from: number; readonly to: number; readonly label: string }[];
}

/**
 * Draws a lineage as a Mermaid flowchart from left to right. GitHub and many editors show it.
 *
 * @example
 * ```ts
 * import { lineage, openArtifact, toMermaid } from "persistable-ts/inspect";
 *
 * const { record } = await openArtifact("example-data", "report/3f9a1c2e");
 * toMermaid(lineage([record])); // flowchart LR …
 * ```
 */
export function toMermaid(lineage: Lineage, options: DrawLineageOptions = {}): string {
  const { boxes, arrows } = drawingOf(lineage, options);
  return [
    "flowchart LR",
    ...boxes.map(({ label, isRoot }, i) => `  n${i}${isRoot ? "([" : "["}"${forMermaid(label)}"${isRoot ? "])" : "]"}`),
    ...arrows.map(({ from, to, label }) => `  n${from} -->|"${forMermaid(label)}"| n${to}`),
    "",
  ].join("\n");
}

/**
 * Draws a lineage in the language of Graphviz, for `dot -Tsvg`.
 *
 * @example
 * ```ts
 * import { writeFile } from "node:fs/promises";
 * import { lineage, openArtifact, toDot } from "persistable-ts/inspect";
 *
 * const { record } = await openArtifact("example-data", "report/3f9a1c2e");
 * await writeFile("lineage.dot", toDot(lineage([record])));
 * ```
 */
export function toDot(lineage: Lineage, options: DrawLineageOptions = {}): string {
  const { boxes, arrows } = drawingOf(lineage, options);
  return [
    "digraph lineage {",
    "  rankdir=LR;",
    "  node [shape=box];",
    ...boxes.map(({ label, isRoot }, i) => `  n${i} [label="${forDot(label)}"${isRoot ? ", peripheries=2" : ""}];`),
    ...arrows.map(({ from, to, label }) => `  n${from} -> n${to} [label="${forDot(label)}"];`),
    "}",
    "",
  ].join("\n");
}

function drawingOf({ nodes, edges }: Lineage, { isGrouped = nodes.length > MOST_BOXES }: DrawLineageOptions): Drawing {
  const keyOf = ({ name, address }: LineageNode): string => (isGrouped ? name : address);
  const groups = new Map<string, LineageNode[]>();
  for (const node of nodes) {
    const group = groups.get(keyOf(node)) ?? [];
    group.push(node);
    groups.set(keyOf(node), group);
  }
  const places = new Map([...groups.keys()].map((key, place) => [key, place]));
  const boxes = [...groups.values()].map((group) => ({
    label: labelOf(group, isGrouped),
    isRoot: group.some(({ isRoot }) => isRoot),
  }));
  const keys = new Map(nodes.map((node) => [node.address, keyOf(node)]));
  const arrows = new Map<string, Drawing["arrows"][number]>();
  for (const { from, to, role } of edges) {
    const [start, end] = [places.get(keys.get(from) ?? ""), places.get(keys.get(to) ?? "")];
    if (start === undefined || end === undefined) continue;
    arrows.set(JSON.stringify([start, end, role]), { from: start, to: end, label: role });
  }
  return { boxes, arrows: [...arrows.values()] };
}

function labelOf(group: readonly LineageNode[], isGrouped: boolean): string {
  const [first] = group;
  if (first === undefined) return "";
  if (isGrouped) return group.length === 1 ? first.name : `${first.name} ×${group.length}`;
  const draw = first.draw === undefined ? "" : ` draw ${first.draw}`;
  return `${first.name}${draw} ${first.address.slice(0, 8)}`;
}

/** Some characters have a meaning in Mermaid: they are written as the entities that it defines. */
function forMermaid(text: string): string {
  return visibleLine(text).replace(/["#<>&`\\]/g, (found) => `#${found.charCodeAt(0)};`);
}

function forDot(text: string): string {
  return visibleLine(text).replace(/["\\]/g, (found) => `\\${found}`);
}
