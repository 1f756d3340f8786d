import type { RecipeNode } from "../../address/recipe-node.ts";
import { DefinitionError } from "../../errors/persistable-errors.ts";
import { describeKind } from "../../util/describe-kind.ts";
import { hasState, type State, stateKey } from "./state.ts";
import type { Surroundings } from "./surroundings.ts";

/** The dependencies of a persistable, by their roles. */
export interface Dependencies {
  readonly roles: readonly string[];
  /** The persistables themselves, as hooks get them. */
  readonly byRole: Readonly<Record<string, unknown>>;
  readonly nodes: Readonly<Record<string, RecipeNode>>;
  readonly states: readonly State[];
}

const NONE: Dependencies = { roles: [], byRole: Object.freeze({}), nodes: Object.freeze({}), states: [] };

/** Checks what a persistable was given as dependencies. They inherit its surroundings. */
export function adoptDependencies(
  name: string,
  params: Readonly<Record<string, unknown>>,
  surroundings: Surroundings,
  given: Readonly<Record<string, unknown>> = {},
): Dependencies {
  const roles = Object.keys(given);
  if (roles.length === 0) return NONE;
  assertRoles(name, roles);
  assertNoCollision(name, roles, params);
  // Copied one by one: V8 gives each object that is frozen after a spread a hidden class of its
  // own, of 150 bytes.
  const byRole: Record<string, unknown> = {};
  const nodes: Record<string, RecipeNode> = {};
  const states = roles.map((role) => {
    const dependency = given[role];
    const state = adopt(name, role, dependency, surroundings);
    byRole[role] = dependency;
    nodes[role] = state.recipe;
    return state;
  });
  return { roles, byRole: Object.freeze(byRole), nodes, states };
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

function assertNoCollision(name: string, roles: readonly string[], params: Readonly<Record<string, unknown>>): void {
  const role = roles.find((one) => Object.hasOwn(params, one));
  if (role !== undefined)
    throw new DefinitionError(
      `${name} has both a parameter and a dependency named "${role}". Both stand in its params tree: give one of them another name.`,
    );
}

const ROLE = /^[A-Za-z][A-Za-z0-9_]*$/;
const RESERVED_ROLES = new Set(["constructor", "prototype", "toString", "valueOf", "hasOwnProperty"]);

/** Refuses a role that cannot be both a key of a record and a property in code. */
export function assertRoles(name: string, roles: readonly string[]): void {
  for (const role of roles) {
    if (!ROLE.test(role) || RESERVED_ROLES.has(role)) {
      throw new DefinitionError(
        `${name} has a dependency under the role ${JSON.stringify(role)}: use letters, digits and _, beginning with a letter.`,
      );
    }
  }
}
