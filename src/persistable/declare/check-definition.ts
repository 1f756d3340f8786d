import { DefinitionError } from "../../errors/persistable-errors.ts";
import { describeKind } from "../../util/describe-kind.ts";
import { fieldsOf } from "../../util/fields-of.ts";
import { stateKey } from "./state.ts";

/**
 * Checks the parts of a definition at run time, for callers in JavaScript.
 *
 * @throws {@link DefinitionError} that names the part and says what belongs there
 */
export function checkDefinition(
  name: string,
  definition: {
    readonly params?: unknown;
    readonly dependencies?: Readonly<Record<string, unknown>> | undefined;
    readonly [part: string]: unknown;
  },
  functions: readonly string[],
  options: object,
): void {
  checkOptions(name, definition, options);
  checkSchema(name, definition.params);
  for (const part of functions) {
    const given = definition[part];
    if (typeof given === "function") continue;
    throw new DefinitionError(
      `${title(name)} has ${given === undefined ? `no ${part}` : `${describeKind(given)} as its ${part}`}. Give a function: ${part}: (…) => …`,
    );
  }
}

/** A misspelt option would have no effect, and nothing would say so. */
function checkOptions(name: string, definition: object, known: object): void {
  const unknown = Object.keys(definition).find((option) => !Object.hasOwn(known, option));
  if (unknown === undefined) return;
  throw new DefinitionError(
    `${title(name)} has an option ${JSON.stringify(unknown)}, which is not known. There are ${Object.keys(known).sort().join(", ")}.`,
  );
}

/**
 * Checks that the params are a Standard Schema. A schema may be a function: those of arktype are.
 */
export function checkSchema(name: string, params: unknown): void {
  if (params === undefined || isSchema(params)) return;
  throw new DefinitionError(
    `${title(name)} has ${describeKind(params)} as its params, and not a schema. ` +
      "Give a Standard Schema, such as z.object({ … }) of zod, or typedParams<{ … }>() for types alone; the values are given when a persistable is built.",
  );
}

function isSchema(params: unknown): boolean {
  return typeof fieldsOf(fieldsOf(params)["~standard"]).validate === "function";
}

/**
 * Checks that a role declares something that builds a persistable. This is checked on use, since a
 * role may be declared by a getter.
 */
export function checkDeclared(name: string, role: string, declared: unknown): void {
  if (typeof declared === "function") return;
  const isBuilt = typeof declared === "object" && declared !== null && stateKey in declared;
  throw new DefinitionError(
    isBuilt
      ? `The dependency "${role}" of ${name} is declared as a persistable that is already built. Declare its definition, dependencies: { ${role}: definition }, ` +
          `and give the persistable when ${name} is built: { ${role}: persistable }.`
      : `The dependency "${role}" of ${name} is declared as ${describeKind(declared)}. Declare a definition, or a class that extends Persistable.`,
  );
}

function title(name: unknown): string {
  return typeof name === "string" && name !== "" ? name : "A definition";
}
