import type { RecipeNode } from "../../address/recipe-node.ts";
import { DEFAULT_INLINE_BYTES } from "../../artifact/layout/record-path.ts";
import { DefinitionError } from "../../errors/persistable-errors.ts";
import { structured } from "../../format/built-in/built-in-formats.ts";
import { resolveDecodeLimits } from "../../format/decode-limits.ts";
import type { Format } from "../../format/format.ts";
import { joinSecrets } from "../secrets/secrets-in.ts";
import { addresserOf } from "./declaration.ts";
import { type DeclaringClass, declarationKey, declarationOf, type StateOptions } from "./declaring-class.ts";
import { adoptDependencies } from "./dependencies.ts";
import type { Hooks } from "./hooks.ts";
import { parseParams } from "./parse-params.ts";
import { newState, type State } from "./state.ts";
import { Surroundings } from "./surroundings.ts";

/**
 * Makes all that the operations need from the options: declaration, params, dependencies, address
 * and surroundings.
 */
export function createState(target: DeclaringClass, options: StateOptions, hooks: Hooks): State {
  const declaration = target[declarationKey] ?? declarationOf(target, options);
  const { name, version } = declaration;
  const parsed = parseParams(declaration, options.params ?? {});
  const surroundings = new Surroundings(name, options, declaration.log);
  if (options.family !== undefined) surroundings.inheritFrom(options.family.surroundings);
  const { roles, byRole, nodes, states } = adoptDependencies(
    name,
    parsed.snapshot.params,
    surroundings,
    options.dependencies,
  );
  const draw = checkDraw(name, options.draw ?? 0);
  const addresses = states.map((state) => state.recipe.address);
  const recipe: RecipeNode = {
    name,
    version,
    draw,
    address: addresserOf(declaration, name, version, draw, roles)(parsed.tracked, addresses, parsed.snapshot.isShallow),
    recipeParams: parsed.recipeParams,
    dependencies: nodes,
    classes: declaration.classes,
  };
  declaration.formats ??= [declaration.format ?? defaultFormat, ...(declaration.readFormats ?? [])];
  return newState({
    declaration,
    recipe,
    trackedParams: parsed.tracked,
    snapshot: parsed.snapshot,
    format: declaration.formats[0],
    formats: declaration.formats,
    limits: resolveDecodeLimits(options.limits),
    memory: options.memory ?? declaration.memory ?? "safe",
    inlineBytes: declaration.inlineBytes ?? DEFAULT_INLINE_BYTES,
    hooks,
    dependencies: byRole,
    dependencyStates: states,
    secrets: states.reduce((all, { secrets }) => joinSecrets(all, secrets), parsed.secrets),
    surroundings,
    liveValues: options.liveValues,
    family: options.family,
    hasAliases: declaration.aliases.length > 0 || states.some((state) => state.hasAliases),
  });
}

/** Formats hold no state, so one instance serves all persistables. */
const defaultFormat: Format = structured();

function checkDraw(name: string, draw: number): number {
  if (Number.isSafeInteger(draw) && draw >= 0) return draw;
  throw new DefinitionError(`The draw of ${name} is ${String(draw)}. Give a whole number from 0.`);
}
