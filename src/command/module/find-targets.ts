import type { DeclaringClass } from "../../persistable/declare/declaring-class.ts";
import { hasState } from "../../persistable/declare/state.ts";
import type { Definition } from "../../persistable/definition.ts";
import { type AnyPersistable, Persistable, type PersistableOptions } from "../../persistable/persistable.ts";
import { fieldsOf } from "../../util/fields-of.ts";
import { CommandError } from "../core/command-error.ts";
import { didYouMean } from "../core/suggest.ts";
import type { ModuleExports } from "./load-module.ts";

/** A definition without its types, which can be called with values from the command line. */
export type AnyDefinition = Definition<unknown, Readonly<Record<string, unknown>>>;

/** A class whose persistables a command can build: its constructor takes params. */
export interface AnyClass extends DeclaringClass {
  new (options: PersistableOptions & { readonly params: Readonly<Record<string, unknown>> }): AnyPersistable;
  readonly payloadName: string;
}

/** Something that a module exports, and that a command can work on. */
export type Exported =
  | { readonly kind: "definition"; readonly names: readonly string[]; readonly definition: AnyDefinition }
  | { readonly kind: "class"; readonly names: readonly string[]; readonly declared: AnyClass }
  | { readonly kind: "targets"; readonly names: readonly string[]; readonly targets: Iterable<AnyPersistable> };

/** Returns all exports of a module that a command can work on, each once. */
export function exportsOf(module: ModuleExports): readonly Exported[] {
  const found = new Map<unknown, Exported>();
  for (const [name, value] of Object.entries(module)) {
    const known = found.get(value);
    const exported = known === undefined ? exportedAs(name, value) : { ...known, names: [...known.names, name] };
    if (exported !== undefined) found.set(value, exported);
  }
  return [...found.values()];
}

function exportedAs(name: string, value: unknown): Exported | undefined {
  if (isClass(value)) return { kind: "class", names: namesOf(value.payloadName, name), declared: value };
  if (isDefinition(value)) return { kind: "definition", names: namesOf(value.payloadName, name), definition: value };
  if (isPersistable(value)) return { kind: "targets", names: [name], targets: [value] };
  return isTargets(value) ? { kind: "targets", names: [name], targets: value } : undefined;
}

/** The name of the export comes first: it is what the user reads in the module. */
function namesOf(payloadName: string, name: string): readonly string[] {
  if (name === "default") return [payloadName, name];
  return name === payloadName ? [name] : [name, payloadName];
}

/** Returns the export that a name means; without a name, the default export or the only export. */
export function findExport(module: ModuleExports, name: string | undefined, file: string): Exported {
  const all = exportsOf(module);
  const hint = `${file} exports ${all.length === 0 ? "nothing that definePersistable, sweep or a class made" : all.map(({ names }) => names.join(" or ")).join(", ")}.`;
  const [only] = all;
  if (name === undefined) {
    const chosen = all.find(({ names }) => names.includes("default")) ?? (all.length === 1 ? only : undefined);
    if (chosen === undefined) throw new CommandError("Name what to work on.", { hint });
    return chosen;
  }
  const exact = all.find(({ names }) => names.includes(name));
  if (exact !== undefined) return exact;
  const meant = didYouMean(
    name,
    all.flatMap(({ names }) => names),
  );
  throw new CommandError(`${file} has no ${name}.${meant}`, { hint });
}

/** Whether a value was returned by `definePersistable`. */
export function isDefinition(value: unknown): value is AnyDefinition {
  return typeof value === "function" && "payloadName" in value && "dependencies" in value;
}

/** Whether a value is a class of persistables. */
export function isClass(value: unknown): value is AnyClass {
  return typeof value === "function" && value.prototype instanceof Persistable;
}

function isPersistable(value: unknown): value is AnyPersistable {
  return hasState(value);
}

/**
 * Whether an export is a list of persistables or a sweep. Other iterables, such as typed arrays,
 * are not targets.
 */
function isTargets(value: unknown): value is Iterable<AnyPersistable> {
  if (typeof value !== "object" || value === null || !(Symbol.iterator in value)) return false;
  return Array.isArray(value) ? value.length > 0 && value.every(isPersistable) : "trees" in fieldsOf(value);
}
