import { isError } from "../../errors/error-kind.ts";
import { WorkerModuleError } from "../../errors/worker-errors.ts";
import { openStore } from "../../store/open/open-store.ts";
import { type State, stateKey } from "../declare/state.ts";
import type { SurroundingsOptions } from "../declare/surroundings.ts";
import { codecsOf, definitionBehind, isClass, isMaker, type Maker, make, nameOf, type Rebuilt } from "./makers.ts";
import { unpackFields } from "./packed-value.ts";
import { prepareImport } from "./typescript-loader.ts";
import type { JobNode, WorkerJob } from "./worker-message.ts";

/**
 * Builds on this thread the persistable that another thread has described, from the modules that
 * define it and everything upstream.
 *
 * @throws {@link WorkerModuleError} if a module does not export the definition, or exports another
 * one under its name
 */
export async function rebuildPersistable({ nodes }: WorkerJob, surroundings: SurroundingsOptions): Promise<State> {
  const makers = await findMakers(nodes);
  const built: Rebuilt[] = [];
  for (const [i, node] of nodes.entries()) built.push(build(node, makers[i] ?? [], built, surroundings));
  const last = built.at(-1);
  if (last === undefined) throw new TypeError("A job describes at least one persistable.");
  return last[stateKey];
}

/**
 * Finds the definitions of all nodes. The last one is imported from its module. Those upstream are
 * taken from the definition that declares them as a dependency, or else from their module.
 */
async function findMakers(nodes: readonly JobNode[]): Promise<readonly (readonly Maker[])[]> {
  const makers: (readonly Maker[])[] = new Array(nodes.length);
  for (const [i, node] of [...nodes.entries()].reverse()) {
    makers[i] ??= await importMakers(node);
    const [first] = makers[i] ?? [];
    for (const [role, index] of node.roles) {
      const declared = first !== undefined && !isClass(first) ? first.dependencies[role] : undefined;
      if (isMaker(declared) && nameOf(declared) === nodes[index]?.name) makers[index] ??= [declared];
    }
  }
  return makers;
}

async function importMakers(node: JobNode): Promise<readonly Maker[]> {
  const { module, name } = node;
  if (module === undefined)
    throw new WorkerModuleError(`A worker thread cannot find the module that defines ${name}. ${REMEDY}`);
  let exported: unknown[];
  try {
    await prepareImport(module);
    exported = Object.values(await import(module));
  } catch (cause) {
    throw new WorkerModuleError(
      `A worker thread cannot import ${module}, where ${name} is defined: ${isError(cause) ? cause.message : cause}${remedyFor(cause)}`,
      { cause },
    );
  }
  const found = exported
    .map(definitionBehind)
    .filter(isMaker)
    .filter((maker) => nameOf(maker) === name);
  if (found.length === 0)
    throw new WorkerModuleError(
      `${module} exports no definition of ${name}, so that a worker thread cannot find it. Export it there. ${REMEDY}`,
    );
  return found;
}

function remedyFor(cause: unknown): string {
  const code = isError(cause) && "code" in cause ? cause.code : undefined;
  if (code === "ERR_UNKNOWN_FILE_EXTENSION")
    return ". Install tsx beside it (npm install --save-dev tsx), which worker threads then use; or compile it, or use Node 22.18 or newer.";
  return code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX"
    ? ". Start Node with --import tsx: worker threads then use it too."
    : "";
}

const REMEDY =
  "Where it is built elsewhere than it is exported (a class, a function of yours that defines), say worker: import.meta.url in the module that exports it.";

function build(
  node: JobNode,
  makers: readonly Maker[],
  built: readonly Rebuilt[],
  surroundings: SurroundingsOptions,
): Rebuilt {
  const dependencies = Object.fromEntries(node.roles.map(([role, index]) => [role, built[index]]));
  const options = {
    ...surroundings,
    dataDir: openStore(node.storeUrl, { durable: node.isDurable }),
    log: node.log,
    draw: node.draw,
    memory: node.memory,
    limits: node.limits,
  };
  for (const maker of makers) {
    const params = unpackFields(node.params, codecsOf(maker));
    const candidate = make(maker, params, dependencies, options);
    if (stateKey in candidate && candidate.address === node.address) return candidate;
  }
  throw new WorkerModuleError(
    `${node.module ?? "A module"} exports a definition of ${node.name}, but with the same params it gives another address on a worker thread. ` +
      "What is in the recipe must be said in the definition: not at the call, not changed later, and not different from thread to thread.",
  );
}
