import { describeAgeOf } from "../../artifact/explain/describe-record.ts";
import { describeChange, describeMiss, type MissReason, type RecipeChange } from "../../artifact/explain/miss.ts";
import { openArtifact } from "../../inspect/open-artifact.ts";
import { withSourcePolicy } from "../../persistable/context/work-source-policy.ts";
import type { SourceChangePolicy } from "../../persistable/declare/declaration.ts";
import { stateOf } from "../../persistable/declare/state-of.ts";
import type { Explanation } from "../../persistable/load/explain.ts";
import type { AnyPersistable } from "../../persistable/persistable.ts";
import { redactionOf } from "../../persistable/secrets/redaction.ts";
import type { ArtifactDifference, Difference } from "../../pipeline/compare/artifact-difference.ts";
import { diff } from "../../pipeline/compare/diff-artifacts.ts";
import { findNearest, type Neighbor } from "../../pipeline/compare/find-nearest.ts";
import { encodeParamsTree } from "../../record/encode-params-tree.ts";
import type { ArtifactRecord, RecordDependency } from "../../record/record.ts";
import { describeDuration } from "../../util/describe.ts";
import { describeAddress } from "../../util/describe-address.ts";
import { ExitCode } from "../core/command-error.ts";
import { dataDirOf, openArgument, withCatalog } from "../core/open-argument.ts";
import { withProgress } from "../core/progress.ts";
import type { CommonFlags, Session } from "../core/session.ts";
import { isModule } from "../module/load-module.ts";
import { onlyTarget, resolveTargets, type TargetFlags } from "../targets/resolve-targets.ts";

interface WhyFlags extends CommonFlags, Omit<TargetFlags, "draws"> {
  readonly nearest?: number | undefined;
  readonly onSourceChange?: SourceChangePolicy | undefined;
}

const NEAREST = 3;

export async function why(session: Session, flags: WhyFlags, ...args: readonly string[]): Promise<number> {
  const [first = ""] = args;
  if (args.length === 1 && !isModule(first)) return whyArtifact(session, flags, first);
  const resolved = await resolveTargets(session, args, flags);
  if (resolved.kind === "handed-over") return resolved.exit;
  const target = onlyTarget(resolved.targets);
  const limit = flags.nearest ?? NEAREST;
  const { explanation, otherSource, found } = await withProgress(session, "comparing", async () => {
    const explanation = await withSourcePolicy(flags.onSourceChange, () => target.explain());
    const otherSource = explanation.state === "hit" ? await otherSourceOf(target) : undefined;
    // The artifact itself is the nearest one, where it is there.
    return { explanation, otherSource, found: await findNearest(target, { limit: limit + 1 }) };
  });
  const neighbors = found.filter(({ record }) => record.address !== target.address).slice(0, limit);
  if (session.isJson) session.json("why", whyJson(target, explanation, neighbors));
  else for (const line of describe(target, explanation, otherSource, neighbors)) session.line(line);
  return ExitCode.done;
}

/** How the source of an artifact that is used differs from that of today, if it does. */
async function otherSourceOf(target: AnyPersistable): Promise<MissReason | undefined> {
  const strict = await withSourcePolicy("regenerate", () => target.explain());
  return strict.state === "miss" && strict.reason.kind === "source-changed" ? strict.reason : undefined;
}

/**
 * Without a module, the artifact is one that exists, so the answer is how it differs from others.
 */
async function whyArtifact(session: Session, { nearest = NEAREST }: WhyFlags, text: string): Promise<number> {
  const { record } = await openArgument(session, text);
  const { name, address, provenance } = record;
  const found = await withProgress(session, "comparing", () =>
    withCatalog(session, async (catalog) => catalog.nearest(record, nearest + 1)),
  );
  const others = found.filter(({ entry }) => entry.address !== address).slice(0, nearest);
  const neighbors = await Promise.all(
    others.map(async ({ entry }): Promise<Neighbor> => {
      const other = await openArtifact(dataDirOf(session), `${entry.name}/${entry.address}`);
      return { record: other.record, changes: changesOf(record, await diff(record, other.record)) };
    }),
  );
  if (session.isJson)
    session.json("why", {
      ...{ name, address, params: record.params, state: "hit", createdAt: provenance.createdAt },
      nearest: neighbors.map((neighbor) => ({ address: neighbor.record.address, changes: neighbor.changes })),
    });
  else {
    session.line(`${name} ${describeAddress(address)} is there${historyOf({ record })}`);
    for (const line of nearestLines(neighbors)) session.line(line);
  }
  return ExitCode.done;
}

function changesOf(record: ArtifactRecord, { params, versions }: ArtifactDifference): readonly RecipeChange[] {
  const changeOf = (what: RecipeChange["what"], { path, before, after }: Difference): RecipeChange => ({
    ...{ what, ...placeOf(path, record) },
    ...(before === undefined ? {} : { value: before }),
    ...(after === undefined ? {} : { nearestValue: after }),
  });
  return [
    ...params.map((difference) => changeOf("param", difference)),
    ...versions.map((difference) => changeOf(difference.path.endsWith("version") ? "version" : "draw", difference)),
  ];
}

/** A path leads through the roles of a record first, and then into its params. */
function placeOf(path: string, record: ArtifactRecord): { readonly roles: readonly string[]; readonly key: string } {
  const keys = path.split(".");
  const roles: string[] = [];
  let { dependencies }: RecordDependency = record;
  for (let role = keys[0]; role !== undefined && dependencies?.[role] !== undefined; role = keys[0]) {
    dependencies = dependencies[role]?.dependencies;
    roles.push(role);
    keys.shift();
  }
  return { roles, key: keys.join(".") };
}

function describe(
  target: AnyPersistable,
  explanation: Explanation,
  otherSource: MissReason | undefined,
  neighbors: readonly Neighbor[],
): readonly string[] {
  const head = `${target.name} ${describeAddress(target.address)}`;
  return [
    explanation.state === "hit" ? `${head} is there${historyOf(explanation)}` : `${head} ${missOf(explanation)}`,
    ...(otherSource === undefined ? [] : ["other source code than today's made it, and it is used all the same"]),
    ...sourceLines(explanation.state === "miss" ? explanation.reason : otherSource),
    ...nearestLines(neighbors),
  ];
}

function historyOf({
  record,
  alias,
}: {
  readonly record: ArtifactRecord;
  readonly alias?: string | undefined;
}): string {
  const { createdAt, durationMs } = record.provenance;
  const took = durationMs === undefined ? "" : `, and took ${describeDuration(durationMs)}`;
  const under = alias === undefined ? "" : `, under its earlier name ${alias}`;
  return `: generated ${describeAgeOf(createdAt)}${took}${under}`;
}

function missOf({ reason, inFlight }: Extract<Explanation, { readonly state: "miss" }>): string {
  const owner = inFlight === undefined ? "" : `; process ${inFlight.pid} on ${inFlight.host} generates it`;
  return `would be generated: ${describeMiss(reason)}${owner}`;
}

/** Returns the lines of the source that have changed since the artifact was made. */
function sourceLines(reason: MissReason | undefined): readonly string[] {
  if (reason?.kind !== "source-changed") return [];
  return (reason.differences ?? []).flatMap(({ part, line, removed, added }) => [
    line === undefined ? `${part}:` : `${part}, line ${line}:`,
    ...removed.map((text) => `  - ${text}`),
    ...added.map((text) => `  + ${text}`),
  ]);
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
