import { describeAge, describeChange, describeMiss } from "../../artifact/explain/miss.ts";
import { stateOf } from "../../persistable/declare/state-of.ts";
import type { Explanation } from "../../persistable/load/explain.ts";
import type { AnyPersistable } from "../../persistable/persistable.ts";
import { redactionOf } from "../../persistable/secrets/redaction.ts";
import { findNearest, type Neighbor } from "../../pipeline/compare/find-nearest.ts";
import { encodeParamsTree } from "../../record/encode-params-tree.ts";
import { describeDuration } from "../../util/describe.ts";
import { describeAddress } from "../../util/describe-address.ts";
import { ExitCode } from "../core/command-error.ts";
import { withProgress } from "../core/progress.ts";
import type { CommonFlags, Session } from "../core/session.ts";
import { onlyTarget, resolveTargets, type TargetFlags } from "../targets/resolve-targets.ts";

interface WhyFlags extends CommonFlags, Omit<TargetFlags, "draws"> {
  readonly nearest?: number | undefined;
}

const NEAREST = 3;

export async function why(session: Session, flags: WhyFlags, ...args: readonly string[]): Promise<number> {
  const resolved = await resolveTargets(session, args, flags);
  if (resolved.kind === "handed-over") return resolved.exit;
  const target = onlyTarget(resolved.targets);
  const { explanation, neighbors } = await withProgress(session, "comparing", async () => ({
    explanation: await target.explain(),
    neighbors: await findNearest(target, { limit: flags.nearest ?? NEAREST }),
  }));
  if (session.isJson) session.json("why", whyJson(target, explanation, neighbors));
  else for (const line of describe(target, explanation, neighbors)) session.line(line);
  return ExitCode.done;
}

function describe(target: AnyPersistable, explanation: Explanation, neighbors: readonly Neighbor[]): readonly string[] {
  const head = `${target.name} ${describeAddress(target.address)}`;
  return [
    explanation.state === "hit" ? `${head} is there${historyOf(explanation)}` : `${head} ${missOf(explanation)}`,
    ...nearestLines(neighbors),
  ];
}

function historyOf({ record, alias }: Extract<Explanation, { readonly state: "hit" }>): string {
  const { createdAt, durationMs } = record.provenance;
  const took = durationMs === undefined ? "" : `, and took ${describeDuration(durationMs)}`;
  const under = alias === undefined ? "" : `, under its earlier name ${alias}`;
  return `: generated ${describeAge(Date.now() - Date.parse(createdAt))}${took}${under}`;
}

function missOf({ reason, inFlight }: Extract<Explanation, { readonly state: "miss" }>): string {
  const owner = inFlight === undefined ? "" : `; process ${inFlight.pid} on ${inFlight.host} generates it`;
  return `would be generated: ${describeMiss(reason)}${owner}`;
}

function nearestLines(neighbors: readonly Neighbor[]): readonly string[] {
  if (neighbors.length === 0) return [];
  return [
    "nearest:",
    ...neighbors.map(
      ({ record, changes }) => `  ${describeAddress(record.address)}  ${changes.map(describeChange).join("; ")}`,
    ),
  ];
}

function whyJson(
  target: AnyPersistable,
  explanation: Explanation,
  neighbors: readonly Neighbor[],
): Readonly<Record<string, unknown>> {
  const nearest = neighbors.map(({ record, changes }) => ({ address: record.address, changes }));
  const { name, address } = target;
  const state = stateOf(target, "The target");
  const params = redactionOf(state).value(encodeParamsTree(state.recipe).params);
  const about = { name, address, params, state: explanation.state };
  if (explanation.state === "hit") return { ...about, createdAt: explanation.record.provenance.createdAt, nearest };
  return { ...about, reason: explanation.reason, nearest };
}
