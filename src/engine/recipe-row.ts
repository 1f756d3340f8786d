import { encodeTagged, type JsonObject, type JsonValue } from "../canonical/tagged-json.ts";
import { isError } from "../errors/error-kind.ts";
import { UnshareableError } from "../errors/worker-errors.ts";
import { Secret } from "../params/secret.ts";
import type { State } from "../persistable/declare/state.ts";
import { visitUpstreamFirst } from "../persistable/declare/upstream-first.ts";
import { secretsIn } from "../persistable/secrets/secrets-in.ts";

/**
 * One persistable as JSON, from which a process with the same definitions builds it again. It holds
 * no secret and names nothing that could be imported.
 */
export interface RecipeRow {
  readonly name: string;
  /** The address that the persistable must have when it is built again. */
  readonly address: string;
  readonly draw?: number;
  /** Own params that are part of the recipe or implicit, as tagged JSON. */
  readonly params: JsonObject;
  /** Params that are not part of the recipe. */
  readonly untracked?: JsonObject;
  /** The environment variable of each secret, by the key of its parameter. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** The address of the dependency in each role. */
  readonly roles?: Readonly<Record<string, string>>;
}

/**
 * Describes a persistable and everything upstream of it, upstream first: the last row is its own.
 *
 * @param isWanted - whether the row of a state is still needed; by default each state has one
 * @throws {@link UnshareableError} for what cannot go into a message
 */
export function describeRecipe(state: State): readonly RecipeRow[] {
  const rows = new Map<string, RecipeRow>();
  visitUpstreamFirst(
    state,
    ({ recipe }) => !rows.has(recipe.address),
    (upstream) => rows.set(upstream.recipe.address, describeRow(upstream)),
  );
  return [...rows.values()];
}

/**
 * Describes one persistable without those upstream.
 *
 * @throws {@link UnshareableError} for what cannot go into a message, with its path
 */
export function describeRow(state: State): RecipeRow {
  const { recipe, declaration, dependencyStates, snapshot } = state;
  if (state.liveValues !== undefined && state.liveValues.parts.length > 0)
    refuse(recipe.name, "was called with values that only this process has, such as a function");
  const params: Record<string, JsonValue> = {};
  const untracked: Record<string, JsonValue> = {};
  const secrets: Record<string, string> = {};
  for (const [key, value] of Object.entries(snapshot.params)) {
    const place = `params.${key} of ${recipe.name}`;
    if (value instanceof Secret) secrets[key] = variableOf(value, place);
  }
  for (const { key, value, kind } of recipe.recipeParams) {
    const place = `params.${key} of ${recipe.name}`;
    if (secretsIn(value).length > 0)
      refuse(place, 'holds a secret. Make it a parameter of its own, as secret.env("NAME")');
    const json = encode(value, declaration.classes, place);
    (kind === "untracked" ? untracked : params)[key] = json;
  }
  const roles = Object.keys(recipe.dependencies).map((role, i) => [role, dependencyStates[i]?.recipe.address ?? ""]);
  return {
    name: recipe.name,
    address: recipe.address,
    ...(recipe.draw === 0 ? {} : { draw: recipe.draw }),
    params,
    ...orNothing("untracked", untracked),
    ...orNothing("secrets", secrets),
    ...orNothing("roles", Object.fromEntries(roles)),
  };
}

/**
 * Encodes the untracked values of a run for a message.
 *
 * @throws {@link UnshareableError} for what cannot go into a message, with its path
 */
export function describeUntracked(untracked: Readonly<Record<string, unknown>> | undefined): JsonObject | undefined {
  if (untracked === undefined) return undefined;
  const values = Object.entries(untracked).map(([key, value]): [string, JsonValue] => {
    const place = `untracked.${key}`;
    if (secretsIn(value).length > 0) refuse(place, 'holds a secret. Make it a parameter, as secret.env("NAME")');
    return [key, encode(value, [], place)];
  });
  return Object.fromEntries(values);
}

function variableOf(secret: Secret<unknown>, place: string): string {
  if (secret.variable !== undefined) return secret.variable;
  return refuse(
    place,
    'is a secret, which never goes into a queue. Give secret.env("NAME"): only the name travels, and each worker reads its own environment',
  );
}

function encode(value: unknown, classes: State["declaration"]["classes"], place: string): JsonValue {
  let json: JsonValue;
  try {
    json = encodeTagged(value, { classes, root: place });
  } catch (cause) {
    throw new UnshareableError(`${isError(cause) ? cause.message : place} It cannot go to another machine.`, { cause });
  }
  if (hasDigest(json))
    refuse(place, "has binary data of 4096 bytes or more, which a message does not hold. Make it a dependency");
  return json;
}

/** Whether bytes were left out of the JSON, and only their digest is there. */
function hasDigest(json: JsonValue): boolean {
  if (typeof json !== "object" || json === null) return false;
  return "$digest" in json || Object.values(json).some(hasDigest);
}

function orNothing<Key extends string, Value extends object>(key: Key, value: Value): { [K in Key]?: Value } {
  const field: { [K in Key]?: Value } = {};
  if (Object.keys(value).length > 0) field[key] = value;
  return field;
}

function refuse(place: string, what: string): never {
  throw new UnshareableError(`${place} ${what}.`);
}
