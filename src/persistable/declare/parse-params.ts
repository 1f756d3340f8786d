import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { RecipeParam } from "../../address/recipe-node.ts";
import { messageOf } from "../../errors/error-kind.ts";
import { DefinitionError, InvalidParamsError } from "../../errors/persistable-errors.ts";
import { formatPath } from "../../errors/value-path.ts";
import { areShallowParamsHarmless, assertNoCredentials } from "../../params/credentials.ts";
import { Secret } from "../../params/secret.ts";
import { Untracked } from "../../params/untracked.ts";
import { describeKind } from "../../util/describe-kind.ts";
import { isPromise } from "../../util/is-promise.ts";
import { wrapperKind } from "../../util/wrapper-kind.ts";
import { mayQuote, QUIET, quietIssues } from "../secrets/quiet-issues.ts";
import { NO_SECRETS, secretsIn } from "../secrets/secrets-in.ts";
import { assertDepth } from "./assert-depth.ts";
import { canonicalText, type Declaration } from "./declaration.ts";
import { type ParamsSnapshot, snapshotParams } from "./snapshot-params.ts";

/** Own params as the schema returns them, sorted by the part that each plays in the recipe. */
export interface ParsedParams {
  readonly snapshot: ParamsSnapshot;
  /** The params that are in the recipe, by key. */
  readonly tracked: Readonly<Record<string, unknown>>;
  readonly recipeParams: readonly RecipeParam[];
  readonly secrets: readonly Secret<unknown>[];
}

/**
 * Passes own params through the schema, and sorts them by the part that each plays in the recipe.
 *
 * @throws {@link InvalidParamsError}, {@link CredentialInParamsError}, {@link DefinitionError}
 */
export function parseParams(declaration: Declaration, input: Readonly<Record<string, unknown>>): ParsedParams {
  const { unwrapped, untracked } = unwrapUntracked(declaration, input);
  const output =
    declaration.params === undefined ? unwrapped : validateParams(declaration.name, declaration.params, unwrapped);
  const snapshot = snapshotParams(output, declaration.classes, declaration.ignoreUndefined);
  const { params } = snapshot;
  const parts = partsOf(declaration, params, untracked);
  if (!snapshot.isShallow) {
    for (const { key, value, kind } of parts.recipeParams) {
      if (kind !== "untracked") assertDepth(key, value, declaration.classes);
    }
  }
  const { allowCredentials: allow } = declaration;
  const isHarmless = allow === true || (snapshot.isShallow && areShallowParamsHarmless(params));
  if (!isHarmless) assertNoCredentials(params, { root: "params", ...(allow === undefined ? {} : { allow }) });
  return { snapshot, ...parts };
}

function partsOf(
  declaration: Declaration,
  params: Readonly<Record<string, unknown>>,
  untracked: ReadonlySet<string>,
): Pick<ParsedParams, "tracked" | "recipeParams" | "secrets"> {
  const recipeParams: RecipeParam[] = [];
  let secrets: Secret<unknown>[] | undefined;
  let tracked: Record<string, unknown> | undefined;
  const leaveOut = (key: string): void => {
    tracked ??= { ...params };
    delete tracked[key];
  };
  for (const key of Object.keys(params)) {
    const value = params[key];
    if (value instanceof Secret) {
      secrets = [...(secrets ?? []), value];
      leaveOut(key);
    } else if (untracked.has(key)) {
      const inner = secretsIn(value);
      if (inner.length > 0) secrets = [...(secrets ?? []), ...inner];
      recipeParams.push({ key, value, kind: "untracked" });
      leaveOut(key);
    } else if (isEarlierDefault(declaration, key, value)) {
      recipeParams.push({ key, value, kind: "implicit" });
      leaveOut(key);
    } else recipeParams.push({ key, value, kind: "tracked" });
  }
  // An array that was filled by push has room for more, which would stay with each persistable.
  return { tracked: tracked ?? params, recipeParams: recipeParams.slice(), secrets: secrets ?? NO_SECRETS };
}

function isEarlierDefault(declaration: Declaration, key: string, value: unknown): boolean {
  const bytes = declaration.earlierDefaultBytes.get(key);
  return bytes !== undefined && canonicalText(value, declaration.classes, `params.${key}`) === bytes;
}

function unwrapUntracked(
  declaration: Declaration,
  input: Readonly<Record<string, unknown>>,
): { unwrapped: Readonly<Record<string, unknown>>; untracked: ReadonlySet<string> } {
  let unwrapped: Record<string, unknown> | undefined;
  let untracked: Set<string> | undefined;
  for (const key of Object.keys(input)) {
    const value = input[key];
    if (!(value instanceof Untracked)) {
      assertOwnCopy(declaration.name, key, value);
      continue;
    }
    unwrapped ??= { ...input };
    untracked ??= new Set(declaration.untrackedKeys);
    unwrapped[key] = value.value;
    untracked.add(key);
  }
  return { unwrapped: unwrapped ?? input, untracked: untracked ?? declaration.untrackedKeys };
}

/**
 * Refuses a wrapper of another installed copy of this library, which would be taken for a plain
 * value.
 */
function assertOwnCopy(name: string, key: string, value: unknown): void {
  if (typeof value !== "object" || value === null || value instanceof Secret || !(wrapperKind in value)) return;
  throw new DefinitionError(
    `The parameter ${formatPath("params", [key])} of ${name} was wrapped by ${String(value[wrapperKind])}(…) of another copy of persistable-ts (two versions are installed). Import both from the same one.`,
  );
}

function validateParams(
  name: string,
  schema: StandardSchemaV1,
  input: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const result = askSchema(name, schema, input);
  if (isPromise(result)) {
    // No caller awaits this promise, so its failure must not end the process.
    result.catch(() => {});
    throw new DefinitionError(
      `The params schema of ${name} validates asynchronously. An address is computed at once, so use a synchronous schema.`,
    );
  }
  if (result.issues !== undefined) {
    const issues = result.issues.map(({ message, path }) => ({
      path: formatPath("params", (path ?? []).map(pathKey)),
      message,
    }));
    throw new InvalidParamsError(name, quietIssues(issues, input));
  }
  const output = result.value;
  if (typeof output !== "object" || output === null || Array.isArray(output)) {
    throw new DefinitionError(
      `The params schema of ${name} gives ${describeKind(output)}. Params are an object with named fields.`,
    );
  }
  return output as Readonly<Record<string, unknown>>;
}

/**
 * Calls the schema. A schema reports wrong params as issues; if it throws, it has a bug, or was not
 * made for such a value.
 */
function askSchema(name: string, schema: StandardSchemaV1, input: Readonly<Record<string, unknown>>) {
  try {
    return schema["~standard"].validate(input);
  } catch (cause) {
    const isQuiet = mayQuote(cause, input);
    const why = isQuiet ? QUIET : messageOf(cause);
    throw new DefinitionError(
      `The params schema of ${name} threw instead of giving issues: ${why}`,
      isQuiet ? {} : { cause },
    );
  }
}

function pathKey(segment: PropertyKey | { readonly key: PropertyKey }): string | number {
  const key = typeof segment === "object" ? segment.key : segment;
  return typeof key === "symbol" ? String(key) : key;
}
