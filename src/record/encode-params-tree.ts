import type { Address } from "../address/address.ts";
import type { RecipeNode } from "../address/recipe-node.ts";
import { encodeTagged, type JsonValue } from "../canonical/tagged-json.ts";
import { Secret } from "../params/secret.ts";
import { setOwn } from "../util/fields-of.ts";

/** Lineage beyond this is cut to addresses, so that a record stays readable and small. */
const MAX_TREE_DEPTH = 24;
const MAX_TREE_NODES = 400;

/** The two parallel trees of a record: the readable params, and the artifact under each role. */
export interface EncodedParamsTree {
  readonly params: { [key: string]: JsonValue };
  readonly dependencies: { [role: string]: JsonValue };
}

interface Cursor {
  readonly seen: Map<Address, true>;
  depth: number;
}

/**
 * The params tree of a node as tagged JSON. A subtree is written out at its first occurrence and is
 * `{"$ref": address}` at later ones, since a diamond of depth 20 has a million paths. Beyond the
 * limits it is `{"$cut": address}`.
 */
export function encodeParamsTree(node: RecipeNode): EncodedParamsTree {
  return encodeNode(node, { seen: new Map(), depth: 0 });
}

function encodeNode(node: RecipeNode, cursor: Cursor): EncodedParamsTree {
  const params = encodeOwnParams(node);
  const dependencies: { [role: string]: JsonValue } = {};
  cursor.depth += 1;
  for (const [role, dependency] of Object.entries(node.dependencies)) {
    const { address } = dependency;
    const head = {
      name: dependency.name,
      address,
      ...(dependency.version === undefined ? {} : { version: dependency.version }),
      ...(dependency.draw === 0 ? {} : { draw: dependency.draw }),
    };
    if (cursor.seen.has(address)) {
      setOwn(params, role, { $ref: address });
      setOwn(dependencies, role, head);
    } else if (cursor.depth > MAX_TREE_DEPTH || cursor.seen.size >= MAX_TREE_NODES) {
      setOwn(params, role, { $cut: address });
      setOwn(dependencies, role, head);
    } else {
      cursor.seen.set(address, true);
      const tree = encodeNode(dependency, cursor);
      setOwn(params, role, tree.params);
      setOwn(
        dependencies,
        role,
        Object.keys(tree.dependencies).length === 0 ? head : { ...head, dependencies: tree.dependencies },
      );
    }
  }
  cursor.depth -= 1;
  return { params, dependencies };
}

/** The params of a node itself as tagged JSON, without those of its dependencies. */
export function encodeOwnParams(node: RecipeNode): { [key: string]: JsonValue } {
  const params: { [key: string]: JsonValue } = {};
  for (const { key, value, kind } of node.recipeParams) {
    const root = `params.${key}`;
    const escaped = key.startsWith("$") ? `$${key}` : key;
    if (kind === "untracked") setOwn(params, escaped, encodeUntracked(value, node, root));
    else {
      const encoded = encodeTagged(value, { classes: node.classes, root });
      setOwn(params, escaped, kind === "tracked" ? encoded : { $implicit: encoded });
    }
  }
  return params;
}

/**
 * Untracked values may be anything, even a client or a callback. For a value that cannot be
 * recorded, the record names its type; the value is not refused.
 */
export function encodeUntracked(value: unknown, node: RecipeNode, root: string): JsonValue {
  if (value instanceof Secret) return { $unrecorded: "secret" };
  try {
    return { $untracked: encodeTagged(value, { classes: node.classes, root }) };
  } catch {
    return { $unrecorded: typeof value };
  }
}

/**
 * Encodes a value of a recipe or of an earlier record, to be shown to people. For a value that the
 * classes of the node can no longer encode, the result names its type.
 */
export function encodeShown(value: unknown, { classes }: RecipeNode): JsonValue {
  try {
    return encodeTagged(value, { classes });
  } catch {
    return { $unrecorded: typeof value };
  }
}
