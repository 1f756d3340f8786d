import { DefinitionError, InvalidParamsError } from "../../errors/persistable-errors.ts";
import { drawsOf } from "../../persistable/draws-of.ts";
import type { AnyPersistable, PersistableOptions } from "../../persistable/persistable.ts";
import { itemAt } from "../../pipeline/item-at.ts";
import { sweep } from "../../pipeline/sweep/sweep.ts";
import { CommandError } from "../core/command-error.ts";
import { openArgument } from "../core/open-argument.ts";
import type { Session } from "../core/session.ts";
import { type AnyClass, type AnyDefinition, type Exported, findExport } from "../module/find-targets.ts";
import { handOver } from "../module/hand-over.ts";
import { findModule, loadModule } from "../module/load-module.ts";
import { type BaseTree, buildGrid } from "../params/build-grid.ts";
import { describeShape } from "../params/describe-shape.ts";
import { shapeOf } from "../params/param-shape.ts";
import { readAssignments, readParamsFile } from "../params/read-assignments.ts";

/** Flags that say which targets are meant, besides the arguments. */
export interface TargetFlags {
  readonly params?: string | undefined;
  readonly from?: string | undefined;
  readonly draws?: number | undefined;
}

/** The targets of a command, or the exit code of the copy of the library that did the work. */
export type ResolvedTargets =
  | { readonly kind: "targets"; readonly targets: Iterable<AnyPersistable> }
  | { readonly kind: "handed-over"; readonly exit: number };

/**
 * Turns the arguments `MODULE [NAME] [k=v…]` into persistables.
 *
 * @throws {@link CommandError} for a module, a name or a parameter that does not exist
 */
export async function resolveTargets(
  session: Session,
  args: readonly string[],
  flags: TargetFlags,
): Promise<ResolvedTargets> {
  const [moduleText, ...rest] = args;
  if (moduleText === undefined)
    throw new CommandError("Name a module and what it exports.", { hint: "persistable run study.ts estimator k=v" });
  const file = findModule(moduleText);
  const exit = await handOver(file, session);
  if (exit !== undefined) return { kind: "handed-over", exit };
  const record = flags.from === undefined ? undefined : await recordOf(session, flags.from);
  const hasName = rest[0] !== undefined && !rest[0].includes("=");
  const name = hasName ? rest[0] : record?.name;
  const exported = findExport(await loadModule(file), name, moduleText);
  const base = { ...record?.params, ...(flags.params === undefined ? {} : readParamsFile(flags.params)) };
  const targets = build(session, exported, base, hasName ? rest.slice(1) : rest);
  return { kind: "targets", targets: flags.draws === undefined ? targets : drawsOf(targets, flags.draws) };
}

async function recordOf(session: Session, text: string): Promise<{ readonly name: string; readonly params: BaseTree }> {
  const { record } = await openArgument(session, text);
  return { name: record.name, params: record.params };
}

function build(
  session: Session,
  exported: Exported,
  base: BaseTree,
  texts: readonly string[],
): Iterable<AnyPersistable> {
  const [name = ""] = exported.names;
  if (exported.kind === "targets") {
    if (texts.length === 0 && Object.keys(base).length === 0) return exported.targets;
    throw new CommandError(`${name} has its params already.`, { hint: "Name a definition to give it params." });
  }
  const declared = exported.kind === "class" ? exported.declared : exported.definition;
  const shape = shapeOf(declared);
  const assignments = readAssignments(texts, name, shape);
  const options: PersistableOptions = { dataDir: session.dataDir, verbose: false };
  try {
    if (exported.kind === "class") return buildOfClass(exported.declared, base, assignments, options);
    const { definition } = exported;
    const targets = sweep<AnyDefinition>(definition, buildGrid(definition, base, assignments), options);
    // Building the first target reports missing or wrong params at once.
    targets[Symbol.iterator]().next();
    return targets;
  } catch (error) {
    if (!(error instanceof InvalidParamsError || error instanceof DefinitionError)) throw error;
    throw new CommandError(error.message, { cause: error, hint: describeShape(shape) });
  }
}

function buildOfClass(
  declared: AnyClass,
  base: BaseTree,
  assignments: ReturnType<typeof readAssignments>,
  options: PersistableOptions,
): readonly AnyPersistable[] {
  const params: Record<string, unknown> = { ...base };
  for (const { path, values } of assignments) {
    const [key = ""] = path;
    if (path.length !== 1 || values.length !== 1)
      throw new CommandError(`${declared.payloadName} is a class: give one value for each of its own params.`, {
        hint: "Export the persistables that you want as a list, and name that.",
      });
    params[key] = itemAt(values, 0);
  }
  return [new declared({ ...options, params })];
}

/** Returns the only target; throws if there are several. */
export function onlyTarget(targets: Iterable<AnyPersistable>): AnyPersistable {
  const [only, second] = targets;
  if (only !== undefined && second === undefined) return only;
  throw new CommandError(only === undefined ? "There is no target." : "There are several targets, and one is needed.", {
    hint: "Give each parameter one value.",
  });
}
