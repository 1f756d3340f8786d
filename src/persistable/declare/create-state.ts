import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { RecipeNode } from "../../address/recipe-node.ts";
import { DEFAULT_INLINE_BYTES } from "../../artifact/layout/record-path.ts";
import { DefinitionError } from "../../errors/persistable-errors.ts";
import { structured } from "../../format/built-in/built-in-formats.ts";
import { resolveDecodeLimits } from "../../format/decode-limits.ts";
import type { DecodeLimits, Format } from "../../format/format.ts";
import { describeKind } from "../../util/describe-kind.ts";
import { joinSecrets } from "../secrets/secrets-in.ts";
import { checkSchema } from "./check-definition.ts";
import {
  addresserOf,
  assertRoles,
  createDeclaration,
  type Declaration,
  type DeclarationOptions,
  type MemoryPolicy,
} from "./declaration.ts";
import type { Hooks } from "./hooks.ts";
import { parseParams } from "./parse-params.ts";
import { hasState, type LiveValues, newState, type State, stateKey } from "./state.ts";
import { Surroundings, type SurroundingsOptions } from "./surroundings.ts";

/** All options with which a persistable can be constructed, before types narrow them. */
export interface StateOptions extends SurroundingsOptions, DeclarationOptions {
  readonly name?: string | undefined;
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  readonly dependencies?: Readonly<Record<string, unknown>> | undefined;
  readonly draw?: number | undefined;
  readonly memory?: MemoryPolicy | undefined;
  readonly limits?: Partial<DecodeLimits> | undefined;
  readonly liveValues?: LiveValues | undefined;
  readonly family?: State | undefined;
}

export const declarationKey: unique symbol = Symbol("persistable declaration");

/** A class, with the static fields in which it declares its payloads. */
export interface DeclaringClass {
  readonly name: string;
  readonly payloadName: string | undefined;
  readonly paramsSchema: StandardSchemaV1 | undefined;
  readonly declaration: DeclarationOptions;
  readonly prototype: object;
  /** Set by `definePersistable`, which creates the declaration once for all persistables. */
  readonly [declarationKey]?: Declaration;
}

/**
 * Makes all that the operations need from the options: declaration, params, dependencies, address
 * and surroundings.
 */
export function createState(target: DeclaringClass, options: StateOptions, hooks: Hooks): State {
  const declaration = target[declarationKey] ?? declarationOf(target, options);
  const roles = options.dependencies === undefined ? NO_ROLES : Object.keys(options.dependencies);
  assertRoles(declaration.name, roles);
  const dependencies = copyRoles(roles, options.dependencies);
  const parsed = parseParams(declaration, options.params ?? {});
  assertNoCollision(declaration.name, roles, parsed.snapshot.params);
  const surroundings = new Surroundings(declaration.name, options, declaration.log);
  if (options.family !== undefined) surroundings.inheritFrom(options.family.surroundings);
  const states = roles.map((role) => adopt(declaration.name, role, dependencies[role], surroundings));
  const { name, version } = declaration;
  const draw = checkDraw(name, options.draw ?? 0);
  const addresses = states.map((state) => state.recipe.address);
  const recipe: RecipeNode = {
    name,
    version,
    draw,
    address: addresserOf(declaration, name, version, draw, roles)(parsed.tracked, addresses),
    recipeParams: parsed.recipeParams,
    dependencies: nodesByRole(roles, states),
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
    dependencies,
    dependencyStates: states,
    secrets: states.reduce((all, { secrets }) => joinSecrets(all, secrets), parsed.secrets),
    surroundings,
    liveValues: options.liveValues,
    family: options.family,
    hasAliases: declaration.aliases.length > 0 || states.some((state) => state.hasAliases),
  });
}

const NO_ROLES: readonly string[] = [];
const NO_DEPENDENCIES: Readonly<Record<string, unknown>> = Object.freeze({});
const NO_NODES: Readonly<Record<string, RecipeNode>> = Object.freeze({});

/**
 * Copies the dependencies one by one: V8 gives each object that is frozen after a spread a hidden
 * class of its own, of 150 bytes.
 */
function copyRoles(roles: readonly string[], given: StateOptions["dependencies"]): Readonly<Record<string, unknown>> {
  if (roles.length === 0) return NO_DEPENDENCIES;
  const copy: Record<string, unknown> = {};
  for (const role of roles) copy[role] = given?.[role];
  return Object.freeze(copy);
}

/** Formats hold no state, so one instance serves all persistables. */
const defaultFormat: Format = structured();

const declarations = new WeakMap<DeclaringClass, Declaration>();

/**
 * Returns the declaration of a class, which is worked out once. A constructor call that overrides
 * parts of it gets a declaration of its own.
 */
export function declarationOf(target: DeclaringClass, options: StateOptions): Declaration {
  const overridden = OVERRIDES.some((key) => options[key] !== undefined);
  const known = overridden ? undefined : declarations.get(target);
  if (known !== undefined) return known;
  const name =
    options.name ??
    (Object.hasOwn(target, "payloadName") ? target.payloadName : undefined) ??
    refuseUnnamed(target.name);
  const declared = Object.fromEntries(
    OVERRIDES.flatMap((key) => (key === "name" || options[key] === undefined ? [] : [[key, options[key]]])),
  );
  checkSchema(name, target.paramsSchema);
  const generator = (target.prototype as { generatePayload?: (...args: never) => unknown }).generatePayload;
  if (typeof generator !== "function")
    throw new DefinitionError(
      `The class of ${name} has no generatePayload. Give it that method: it makes the payload.`,
    );
  const declaration = createDeclaration(
    name,
    target.paramsSchema,
    { ...target.declaration, ...declared },
    generator,
    new Error("defined here"),
  );
  if (!overridden) declarations.set(target, declaration);
  return declaration;
}

const OVERRIDES = [
  "name",
  "version",
  "format",
  "readFormats",
  "classes",
  "untracked",
  "earlierDefaults",
  "aliases",
  "allowCredentials",
  "inlineBytes",
  "pools",
  "retries",
  "timeoutMs",
  "worker",
] as const satisfies readonly (keyof StateOptions)[];

/**
 * Refuses a class without a `payloadName`. The name of the class is not used instead: minifiers
 * change it, and two classes could then load each other's payloads.
 */
function refuseUnnamed(className: string): never {
  const title = className === "" ? "A class of persistables" : `The class ${className}`;
  const suggested = className === "" ? "points" : snakeCase(className);
  throw new DefinitionError(
    `${title} has no payloadName of its own. Write static override readonly payloadName = ${JSON.stringify(suggested)} in it: ` +
      "that names the folder of its artifacts and is part of their addresses. A build that minifies changes the names of classes, so they cannot serve. " +
      "(Earlier releases took the class name in snake case: with that, existing artifacts are found.)",
  );
}

/** `OutlierEstimator` becomes `outlier_estimator`, `HTTPPages2` becomes `http_pages2`. */
function snakeCase(className: string): string {
  return className
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, "$1_$2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1_$2")
    .toLowerCase();
}

function adopt(name: string, role: string, dependency: unknown, surroundings: Surroundings): State {
  if (!hasState(dependency)) {
    throw new DefinitionError(
      `The dependency "${role}" of ${name} is ${describeWrong(dependency)}. Give a persistable, built by a definition or by a class that extends Persistable.`,
    );
  }
  dependency[stateKey].surroundings.inheritFrom(surroundings);
  return dependency[stateKey];
}

function describeWrong(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "object" && value !== null && "address" in value && "payload" in value) {
    return "a persistable of another copy of persistable-ts (two versions are installed)";
  }
  if (typeof value === "function") return "a function (call the definition to build a persistable)";
  return describeKind(value);
}

function nodesByRole(roles: readonly string[], states: readonly State[]): Readonly<Record<string, RecipeNode>> {
  if (roles.length === 0) return NO_NODES;
  const nodes: Record<string, RecipeNode> = {};
  roles.forEach((role, i) => {
    const state = states[i];
    if (state !== undefined) nodes[role] = state.recipe;
  });
  return nodes;
}

function assertNoCollision(name: string, roles: readonly string[], params: Readonly<Record<string, unknown>>): void {
  for (const role of roles) {
    if (Object.hasOwn(params, role)) {
      throw new DefinitionError(
        `${name} has both a parameter and a dependency named "${role}". Both stand in its params tree: give one of them another name.`,
      );
    }
  }
}

function checkDraw(name: string, draw: number): number {
  if (Number.isSafeInteger(draw) && draw >= 0) return draw;
  throw new DefinitionError(`The draw of ${name} is ${String(draw)}. Give a whole number from 0.`);
}
