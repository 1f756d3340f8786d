import { parseAddress } from "../../address/address-of.ts";
import { describeChange, type RecipeChange } from "../../artifact/explain/miss.ts";
import type { CatalogEntry } from "../../catalog/query/catalog-entry.ts";
import { diffAll } from "../../pipeline/compare/diff-all.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import { isPlainObject } from "../../util/fields-of.ts";
import type { WhyAnswer, WhyChange } from "../shapes/drawing-shapes.ts";
import { tryOpen } from "./artifact.ts";
import { allValuesOf, kindOf, rowOf } from "./artifact-row.ts";
import { type Asked, bad, notFound, unescaped } from "./asked.ts";
import { literal } from "./commands.ts";
import { type ExploredStore, findArtifact, findName } from "./explored-store.ts";
import { nameTerm, termOf } from "./terms.ts";
import { fieldsToJson, toJson } from "./to-json.ts";

const NEAREST = 5;
const MAX_PARAMS = 100;
const MAX_DOWNSTREAM = 1000;
/** The address of what may not exist is not known without its definition. */
const NO_ADDRESS = parseAddress("0".repeat(64));

/** Answers `/api/why`. */
export async function answerWhy(explored: ExploredStore, asked: Asked): Promise<WhyAnswer> {
  const { catalog, commands } = explored;
  const wanted = await wantedOf(explored, asked);
  const { record, entry } = wanted;
  const near = await catalog.nearest(record, NEAREST + 1);
  const same = entry ?? near.find(({ differences }) => differences === 0)?.entry;
  const others = near.map((each) => each.entry).filter(({ address }) => address !== same?.address);
  const nearest = await Promise.all(
    others.slice(0, NEAREST).map(async (other) => {
      const opened = await tryOpen(explored, other);
      const changes = opened === undefined ? [] : changesBetween(record, opened.record);
      return { artifact: rowOf(other, [...allValuesOf(other).keys()]), changes };
    }),
  );
  const changes = nearest[0]?.changes ?? [];
  const { total } = await catalog.find(`${nameTerm(record.name)} state=present`, { limit: 0 });
  const state = same?.state ?? "missing";
  const downstream = same ?? others[0];
  return {
    name: record.name,
    params: same?.params ?? fieldsToJson(record.params),
    state,
    ...(same === undefined ? {} : { artifact: rowOf(same, [...allValuesOf(same).keys()]) }),
    reason: reasonOf(state, same, changes),
    changes,
    nearest,
    compared: total,
    downstream: downstream === undefined ? [] : await downstreamOf(explored, downstream),
    ...expectedOf(others),
    fields: await fieldsOf(explored, record.name),
    commands: commands.commands(
      same === undefined
        ? ["why", "MODULE", record.name, ...paramsOf(record)]
        : ["why", `${same.name}/${same.address.slice(0, 12)}`],
      (dataDir) => `await definition(${literal(fieldsToJson(record.params))}, { dataDir: ${dataDir} }).explain();`,
    ),
  };
}

interface Wanted {
  readonly record: ArtifactRecord;
  /** The artifact itself, where it was asked for by its address. */
  readonly entry?: CatalogEntry;
}

/** The recipe that was asked for: that of an artifact, with other params. */
async function wantedOf(explored: ExploredStore, asked: Asked): Promise<Wanted> {
  const { catalog } = explored;
  const params = asked.texts("param", MAX_PARAMS).map(assignment);
  const address = asked.text("address");
  if (address !== undefined) {
    const entry = await findArtifact(catalog, asked.address());
    const record = (await tryOpen(explored, entry))?.record ?? (await recordLike(explored, entry));
    return params.length === 0 ? { record, entry } : { record: withParams(record, params) };
  }
  const name = await findName(catalog, asked.required("name"));
  const newest = (await catalog.find(`${nameTerm(name)} state=present`, { limit: 1 })).artifacts[0];
  const record = newest && (await tryOpen(explored, newest))?.record;
  if (record === undefined) throw notFound(`${name} has no artifact to compare with.`, "Generate one first.");
  return { record: withParams(record, params) };
}

/** A failure has no record: a record of its name with its params stands for it. */
async function recordLike({ catalog, ...explored }: ExploredStore, entry: CatalogEntry): Promise<ArtifactRecord> {
  const newest = (await catalog.find(`${nameTerm(entry.name)} state=present`, { limit: 1 })).artifacts[0];
  const record = newest && (await tryOpen(explored, newest))?.record;
  if (record === undefined) throw notFound(`${entry.name} has no artifact to compare with.`, "Generate one first.");
  return { ...record, address: entry.address, params: entry.params };
}

interface Assignment {
  readonly keys: readonly string[];
  readonly value: unknown;
}

/** Reads `points.n=100`: JSON if it parses, else text. */
function assignment(text: string): Assignment {
  const at = text.indexOf("=");
  if (at < 1) throw bad(`${JSON.stringify(text)} is not a parameter.`, "Write it as zThreshold=5.");
  const value = unescaped(text.slice(at + 1));
  return { keys: unescaped(text.slice(0, at)).split("."), value: parsed(value) };
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return text;
  }
}

function withParams(record: ArtifactRecord, assignments: readonly Assignment[]): ArtifactRecord {
  let params = record.params;
  for (const { keys, value } of assignments) params = withValue(params, keys, value);
  return { ...record, address: NO_ADDRESS, params };
}

function withValue(
  tree: Readonly<Record<string, unknown>>,
  [key = "", ...rest]: readonly string[],
  value: unknown,
): Readonly<Record<string, unknown>> {
  const inner = Object.hasOwn(tree, key) ? tree[key] : undefined;
  const changed = rest.length === 0 ? value : withValue(isPlainObject(inner) ? inner : {}, rest, value);
  // An entry is defined, and not assigned: the key may be `__proto__`.
  return Object.fromEntries([...Object.entries(tree).filter(([other]) => other !== key), [key, changed]]);
}

/** All differences between two recipes, those upstream first: the others follow from them. */
function changesBetween(wanted: ArtifactRecord, nearest: ArtifactRecord): readonly WhyChange[] {
  const { rows } = diffAll([wanted, nearest]);
  return rows
    .filter(({ path, isSame }) => !isSame && !/^(?:summary|payload|provenance)\./.test(path))
    .map(({ path, values: [value, nearestValue] }) => ({
      path: path.replace(/^params\./, ""),
      ...(value === undefined ? {} : { value: toJson(value) }),
      ...(nearestValue === undefined ? {} : { nearestValue: toJson(nearestValue) }),
    }))
    .sort((one, other) => other.path.split(".").length - one.path.split(".").length);
}

function reasonOf(state: WhyAnswer["state"], same: CatalogEntry | undefined, changes: readonly WhyChange[]): string {
  if (state === "present") return `It is there: generated at ${same?.createdAt ?? "an unknown time"}.`;
  if (state !== "missing") return `It is ${state}${same?.problem === undefined ? "" : `: ${same.problem}`}`;
  const [first, ...more] = changes;
  if (first === undefined) return "Nothing near it exists.";
  const { path, ...values } = first;
  const change: RecipeChange = { what: "param", roles: [], key: path, ...values };
  return `${describeChange(change)}${more.length === 0 ? "" : `; and ${more.length} more`}`;
}

async function downstreamOf({ catalog }: ExploredStore, root: CatalogEntry): Promise<WhyAnswer["downstream"]> {
  const { nodes } = await catalog.lineage([root], { up: 0, down: MAX_DOWNSTREAM });
  const counts = new Map<string, number>();
  for (const { name, isRoot } of nodes) if (!isRoot) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => ({ name, count })).sort((one, other) => other.count - one.count);
}

function expectedOf(near: readonly CatalogEntry[]): Pick<WhyAnswer, "expected"> {
  const durations = near.flatMap(({ durationMs }) => durationMs ?? []).sort((one, other) => one - other);
  const durationMs = durations[Math.floor(durations.length / 2)];
  if (durationMs === undefined) return {};
  const cost: Record<string, number> = {};
  const withCost = near.filter((entry) => entry.cost !== undefined);
  for (const entry of withCost)
    for (const [unit, amount] of Object.entries(entry.cost ?? {}))
      cost[unit] = (cost[unit] ?? 0) + amount / withCost.length;
  return { expected: { durationMs, cost } };
}

async function fieldsOf({ catalog }: ExploredStore, name: string): Promise<WhyAnswer["fields"]> {
  const facets = await catalog.facets(nameTerm(name), { mostDistinct: 10_000 });
  return facets
    .filter(({ field }) => kindOf(field) === "params")
    .map(({ field, values, distinct }) => ({ field, values: values.map(({ value }) => value), distinct }));
}

function paramsOf({ params }: ArtifactRecord): readonly string[] {
  const terms = (tree: Readonly<Record<string, unknown>>, prefix: string): string[] =>
    Object.entries(tree).flatMap(([key, value]) =>
      isPlainObject(value) ? terms(value, `${prefix}${key}.`) : [termOf(`${prefix}${key}`, toJson(value))],
    );
  return terms(params, "");
}
