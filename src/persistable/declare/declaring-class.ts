import type { StandardSchemaV1 } from "@standard-schema/spec";
import { DefinitionError } from "../../errors/persistable-errors.ts";
import type { DecodeLimits } from "../../format/format.ts";
import { checkSchema } from "./check-definition.ts";
import { createDeclaration, type Declaration, type DeclarationOptions, type MemoryPolicy } from "./declaration.ts";
import type { LiveValues, State } from "./state.ts";
import type { SurroundingsOptions } from "./surroundings.ts";

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
  "ignoreUndefined",
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
