import { describeDifferences } from "../../artifact/explain/source-difference.ts";
import type { AcceptedSource } from "../../artifact/provenance/accepted-note.ts";
import { type Declaration, fingerprintOf } from "../../persistable/declare/declaration.ts";
import { declarationKey, declarationOf } from "../../persistable/declare/declaring-class.ts";
import { stateOf } from "../../persistable/declare/state-of.ts";
import { acceptSource, unacceptSource } from "../../persistable/load/accepted-source.ts";
import { differencesFrom } from "../../persistable/load/kept-source.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import { openStore } from "../../store/open/open-store.ts";
import { describeAddress } from "../../util/describe-address.ts";
import { CommandError, ExitCode } from "../core/command-error.ts";
import { dataDirOf, openArgument } from "../core/open-argument.ts";
import type { CommonFlags, Session } from "../core/session.ts";
import { didYouMean } from "../core/suggest.ts";
import { exportsOf, isDefinition } from "../module/find-targets.ts";
import { handOver } from "../module/hand-over.ts";
import { findModule, loadModule, type ModuleExports } from "../module/load-module.ts";

interface AcceptFlags extends CommonFlags {
  readonly undo?: boolean | undefined;
}

/**
 * Records that the source of a generator has changed since some artifacts were made, and that this
 * does not matter to them. If the source changes again, that change has to be accepted again.
 */
export async function accept(
  session: Session,
  { undo = false }: AcceptFlags,
  ...[moduleText, ...artifacts]: readonly string[]
): Promise<number> {
  if (moduleText === undefined || artifacts.length === 0)
    throw new CommandError("Name the module with the definition, and artifacts that it generates.", {
      hint: "persistable accept study.ts estimator/3f9a1c2e",
    });
  const file = findModule(moduleText);
  const exit = await handOver(file, session);
  if (exit !== undefined) return exit;
  const declarations = declarationsIn(await loadModule(file));
  const records = await Promise.all(artifacts.map(async (text) => (await openArgument(session, text)).record));
  const changes = await Promise.all(
    records.map((record) => changeOf(record, findDeclaration(declarations, record.name, moduleText))),
  );
  for (const change of changes) await settle(session, change, undo);
  if (session.isJson)
    session.json("accepted", {
      accepted: changes.map(({ declaration: _, ...change }) => ({ ...change, undone: undo })),
    });
  return ExitCode.done;
}

interface Change extends AcceptedSource {
  readonly declaration: Declaration;
}

async function changeOf({ name, address, provenance }: ArtifactRecord, declaration: Declaration): Promise<Change> {
  const { source } = provenance;
  if (source !== undefined)
    return { name, address, recorded: source, accepted: await fingerprintOf(declaration), declaration };
  throw new CommandError(`The record of ${name} ${describeAddress(address)} names no source.`, {
    hint: "It counts as made by the source of today already.",
  });
}

async function settle(session: Session, { declaration, ...change }: Change, undo: boolean): Promise<void> {
  const store = openStore(dataDirOf(session));
  const shown = `${change.name} ${describeAddress(change.address)}`;
  if (change.recorded === change.accepted) return session.note(`${shown} was made by the source of today.`);
  if (undo) {
    const wasAccepted = await unacceptSource(store, change, {});
    return session.note(
      wasAccepted ? `${shown} counts as made by other source again.` : `Nothing was accepted for ${shown}.`,
    );
  }
  const differences = await differencesFrom({ declaration, store }, change.recorded);
  await acceptSource(store, change, {});
  session.note(`${shown} counts as made by the source of today${describeDifferences(differences)}.`);
}

/** Finds the declarations of a module, with those upstream. */
function declarationsIn(module: ModuleExports): readonly Declaration[] {
  const found = new Set<Declaration>();
  for (const exported of exportsOf(module)) {
    if (exported.kind === "class") found.add(declarationOf(exported.declared, {}));
    else if (exported.kind === "definition") addUpstream(exported.definition, found);
    else {
      // All points of a sweep have the same definition.
      const { targets } = exported;
      for (const target of Array.isArray(targets) ? targets : firstOf(targets))
        found.add(stateOf(target, "The target").declaration);
    }
  }
  return [...found];
}

function firstOf<Value>(values: Iterable<Value>): readonly Value[] {
  for (const value of values) return [value];
  return [];
}

function addUpstream(declared: unknown, found: Set<Declaration>): void {
  if (!isDefinition(declared)) return;
  const declaration: Declaration | undefined = Reflect.get(declared, declarationKey);
  if (declaration === undefined || found.has(declaration)) return;
  found.add(declaration);
  for (const upstream of Object.values(declared.dependencies)) addUpstream(upstream, found);
}

function findDeclaration(declarations: readonly Declaration[], name: string, moduleText: string): Declaration {
  const found = declarations.find((one) => one.name === name || one.aliases.includes(name));
  if (found !== undefined) return found;
  const names = declarations.map((one) => one.name);
  throw new CommandError(`${moduleText} has no ${name}.${didYouMean(name, names)}`, {
    hint: `It declares ${names.length === 0 ? "nothing that it exports" : names.join(", ")}.`,
  });
}
