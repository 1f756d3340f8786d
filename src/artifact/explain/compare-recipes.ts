import type { RecipeNode, RecipeParam } from "../../address/recipe-node.ts";
import { encodeCanonical } from "../../canonical/encode-canonical.ts";
import { UnsupportedValueError } from "../../errors/params-errors.ts";
import { Untracked } from "../../params/untracked.ts";
import { CutLineage } from "../../record/cut-lineage.ts";
import type { ArtifactRecord, RecordDependency } from "../../record/record.ts";
import type { ClassCodec } from "../../util/class-codec.ts";
import { describeAddress } from "../../util/describe-address.ts";
import type { RecipeChange } from "./miss.ts";

interface Recorded {
  readonly name: string;
  readonly version?: string | number;
  readonly draw?: number;
  readonly params: unknown;
  readonly dependencies: Readonly<Record<string, RecordDependency>>;
}

/**
 * Returns the changes in the recipe's own part (name, version, draw, params), without those
 * upstream.
 */
export function compareOwnParts(node: RecipeNode, record: ArtifactRecord): RecipeChange[] {
  const changes: RecipeChange[] = [];
  compareHeads(node, record, [], changes);
  compareParams(node, record, [], changes);
  return changes;
}

/**
 * Returns the changes between a recipe and a recorded one, roots only. If the address of a
 * dependency differs, its own recipe is compared in turn, and the change found there is reported
 * instead of the different address.
 */
export function compareRecipes(node: RecipeNode, record: ArtifactRecord): RecipeChange[] {
  const changes: RecipeChange[] = [];
  // A shared dependency is compared once, under the first path that leads to it.
  const seen = new Set<string>();
  const stack: { node: RecipeNode; recorded: Recorded; roles: readonly string[] }[] = [
    { node, recorded: record, roles: [] },
  ];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { node, recorded, roles } = next;
    const before = changes.length;
    // True if a change further up accounts for the difference.
    let isNamed = false;
    compareHeads(node, recorded, roles, changes);
    compareParams(node, recorded, roles, changes);
    const inner: typeof stack = [];
    for (const role of new Set([...Object.keys(node.dependencies), ...Object.keys(recorded.dependencies)])) {
      const mine = node.dependencies[role];
      const theirs = recorded.dependencies[role];
      if (mine !== undefined && mine.address === theirs?.address) continue;
      const subtree = paramsUnder(recorded, role);
      if (mine === undefined || theirs === undefined || subtree === undefined) {
        changes.push({
          what: "dependency",
          roles,
          key: role,
          ...(mine === undefined ? {} : { value: `${mine.name} ${describeAddress(mine.address)}` }),
          ...(theirs === undefined ? {} : { nearestValue: `${theirs.name} ${describeAddress(theirs.address)}` }),
        });
        continue;
      }
      const pair = `${mine.address}${theirs.address}`;
      isNamed = true;
      if (seen.has(pair)) continue;
      seen.add(pair);
      inner.push({
        node: mine,
        recorded: { ...theirs, params: subtree, dependencies: theirs.dependencies ?? {} },
        roles: [...roles, role],
      });
    }
    stack.push(...inner.reverse());
    if (changes.length === before && !isNamed && roles.length > 0) {
      // All parts that the record shows agree, and yet the addresses differ: no more can be said.
      changes.push({
        what: "dependency",
        roles: roles.slice(0, -1),
        key: roles.at(-1) ?? "",
        value: `${node.name} ${describeAddress(node.address)}`,
      });
    }
  }
  return changes;
}

function compareHeads(node: RecipeNode, recorded: Recorded, roles: readonly string[], changes: RecipeChange[]): void {
  if (node.name !== recorded.name)
    changes.push({ what: "name", roles, key: "name", value: node.name, nearestValue: recorded.name });
  if (node.version !== recorded.version) {
    changes.push({
      what: "version",
      roles,
      key: "version",
      ...(node.version === undefined ? {} : { value: node.version }),
      ...(recorded.version === undefined ? {} : { nearestValue: recorded.version }),
    });
  }
  const recordedDraw = recorded.draw ?? 0;
  if (node.draw !== recordedDraw)
    changes.push({ what: "draw", roles, key: "draw", value: node.draw, nearestValue: recordedDraw });
}

function compareParams(node: RecipeNode, recorded: Recorded, roles: readonly string[], changes: RecipeChange[]): void {
  const theirs: Readonly<Record<string, unknown>> = Object(recorded.params ?? {});
  const mine = new Map<string, RecipeParam>(
    node.recipeParams.filter(({ kind }) => kind !== "untracked").map((param) => [param.key, param]),
  );
  for (const [key, { value, kind }] of mine) {
    if (!Object.hasOwn(theirs, key)) {
      if (kind === "tracked") changes.push({ what: "param", roles, key, value });
    } else if (!sameValue(value, theirs[key], node.classes)) {
      changes.push({ what: "param", roles, key, value, nearestValue: theirs[key] });
    }
  }
  const untracked = new Set(node.recipeParams.filter(({ kind }) => kind === "untracked").map(({ key }) => key));
  for (const key of Object.keys(theirs)) {
    const isOwn = !Object.hasOwn(recorded.dependencies, key) && !mine.has(key) && !untracked.has(key);
    if (isOwn && !isUntracked(theirs[key])) changes.push({ what: "param", roles, key, nearestValue: theirs[key] });
  }
}

function isUntracked(value: unknown): boolean {
  return value instanceof Untracked;
}

function paramsUnder(recorded: Recorded, role: string): object | undefined {
  const subtree: unknown = Object(recorded.params)[role];
  return typeof subtree === "object" && subtree !== null && !(subtree instanceof CutLineage) ? subtree : undefined;
}

function sameValue(a: unknown, b: unknown, classes: readonly ClassCodec[]): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object") return false;
  try {
    return Buffer.compare(encodeCanonical(a, { classes }), new Uint8Array(encodeCanonical(b, { classes }))) === 0;
  } catch (error) {
    // A codec of the user gave something that no recipe can hold. This comparison only informs
    // people, so it must not keep a payload from being generated.
    if (error instanceof UnsupportedValueError) return false;
    throw error;
  }
}
