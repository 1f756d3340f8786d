import type { RecipeNode } from "../../address/recipe-node.ts";
import { listNames } from "../../catalog/list-names.ts";
import { visibleLine, visibleText } from "../../errors/visible-text.ts";
import { toDot, toMermaid } from "../../inspect/draw-lineage.ts";
import { type Lineage, lineage } from "../../inspect/lineage.ts";
import { stateOf } from "../../persistable/declare/state-of.ts";
import type { AnyPersistable } from "../../persistable/persistable.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import { describeAddress } from "../../util/describe-address.ts";
import { ExitCode } from "../core/command-error.ts";
import { dataDirOf, openArgument } from "../core/open-argument.ts";
import { recordsNamed } from "../core/records-named.ts";
import type { CommonFlags, Session } from "../core/session.ts";
import { isModule } from "../module/load-module.ts";
import { resolveTargets, type TargetFlags } from "../targets/resolve-targets.ts";

interface GraphFlags extends CommonFlags, Pick<TargetFlags, "params"> {
  readonly depth?: number | undefined;
  readonly up?: boolean | undefined;
  readonly down?: boolean | undefined;
  readonly format?: "text" | "mermaid" | "dot" | undefined;
}

export async function graph(session: Session, flags: GraphFlags, ...args: readonly string[]): Promise<number> {
  const [first = ""] = args;
  const found = isModule(first) ? await ofTargets(session, flags, args) : await ofArtifacts(session, flags, args);
  if (typeof found === "number") return found;
  if (session.isJson) session.json("graph", { nodes: found.nodes, edges: found.edges });
  else session.lines(drawn(found, flags.format ?? "text"));
  return ExitCode.done;
}

function drawn(found: Lineage, format: "text" | "mermaid" | "dot"): readonly string[] {
  if (format === "text") return treeOf(found);
  return visibleText(format === "mermaid" ? toMermaid(found) : toDot(found))
    .trimEnd()
    .split("\n");
}

async function ofArtifacts(session: Session, flags: GraphFlags, args: readonly string[]): Promise<Lineage> {
  const artifacts = await Promise.all(args.map((text) => openArgument(session, text)));
  const { depth, down = false, up = !down } = flags;
  const records = down ? await everyRecord(session) : [];
  return lineage(
    artifacts.map(({ record }) => record),
    { depth, up, down, records },
  );
}

/** Reads all records: only the records of other artifacts tell what is made from an artifact. */
async function everyRecord(session: Session): Promise<readonly ArtifactRecord[]> {
  const records: ArtifactRecord[] = [];
  for await (const name of listNames(dataDirOf(session))) records.push(...(await recordsNamed(session, name)));
  return records.sort((a, b) => (a.address < b.address ? -1 : 1));
}

async function ofTargets(session: Session, flags: GraphFlags, args: readonly string[]): Promise<Lineage | number> {
  const resolved = await resolveTargets(session, args, flags);
  return resolved.kind === "handed-over" ? resolved.exit : lineageOfTargets(resolved.targets, flags.depth);
}

/** Returns the lineage of targets that may not have been generated yet. */
function lineageOfTargets(targets: Iterable<AnyPersistable>, depth = Number.POSITIVE_INFINITY): Lineage {
  const nodes = new Map<string, Lineage["nodes"][number]>();
  const edges: Lineage["edges"][number][] = [];
  const add = ({ name, address, version, draw, dependencies }: RecipeNode, isRoot: boolean, steps: number): void => {
    if (nodes.has(address)) return;
    const optional = { ...(version === undefined ? {} : { version }), ...(draw === 0 ? {} : { draw }) };
    nodes.set(address, { address, name, ...optional, isRoot, hasRecord: false });
    if (steps === depth) return;
    for (const [role, dependency] of Object.entries(dependencies)) {
      edges.push({ from: dependency.address, to: address, role });
      add(dependency, false, steps + 1);
    }
  };
  for (const target of targets) add(stateOf(target, "A target").recipe, true, 0);
  return { nodes: [...nodes.values()], edges };
}

/**
 * Draws a line for each artifact, below the artifact that is made from it. If an artifact occurs
 * again, its own upstream is not repeated.
 */
function treeOf({ nodes, edges }: Lineage): readonly string[] {
  const byAddress = new Map(nodes.map((node) => [node.address, node]));
  const shown = new Set<string>();
  const lines: string[] = [];
  const add = (address: (typeof nodes)[number]["address"], prefix: string, role: string): void => {
    const node = byAddress.get(address);
    if (node === undefined) return;
    const upstream = edges.filter(({ to }) => to === address);
    const isAgain = shown.has(address) && upstream.length > 0;
    const label = role === "" || role === node.name ? "" : `${role}: `;
    lines.push(
      visibleLine(`${prefix}${label}${node.name} ${describeAddress(address)}${isAgain ? " (see above)" : ""}`),
    );
    shown.add(address);
    if (!isAgain) for (const edge of upstream) add(edge.from, `${prefix}  `, edge.role);
  };
  // The tree begins at the artifacts from which nothing here is made. There may be several.
  const isUsed = new Set(edges.map(({ from }) => from));
  for (const { address } of nodes) if (!isUsed.has(address)) add(address, "", "");
  return lines;
}
