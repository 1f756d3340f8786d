import { visibleLine } from "../../errors/visible-text.ts";
import type { UndeclaredLoad } from "../../record/record.ts";
import type { State } from "../declare/state.ts";

const warned = new Set<string>();
const unwarned = new Set<string>();

/**
 * Turns the warning off for loads of this name: calls that depend on what a generator has found out
 * only while it runs, so that its definition cannot declare them.
 */
export function neverWarnOf(name: string): void {
  unwarned.add(name);
}

/**
 * Warns once for each pair of names if a generator has loaded what its definition does not declare.
 * The payload is not generated again when that changes, which nothing else would tell its author.
 */
export function warnOfUndeclared({ recipe, declaration }: State, loads: readonly UndeclaredLoad[] | undefined): void {
  for (const { name } of loads ?? []) {
    const pair = JSON.stringify([recipe.name, name]);
    if (warned.has(pair) || unwarned.has(name)) continue;
    warned.add(pair);
    const role = roleFor(name);
    const own = visibleLine(recipe.name);
    const remedy = declaration.isFamily
      ? `A map and a function have no dependencies: load ${visibleLine(name)} before, and give its address as a parameter.`
      : `Write dependencies: { ${role} } in the definition of ${own}, and use dependencies.${role} in its generator.`;
    process.emitWarning(
      `The generator of ${own} loads ${visibleLine(name)}, which ${own} does not declare: when ${visibleLine(name)} changes, ${own} is not generated again. ${remedy}`,
      "PersistableWarning",
    );
  }
}

/** A role as an author would write it: `word_counts` becomes `wordCounts`. */
function roleFor(name: string): string {
  const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  const role = words.map((word, i) => (i === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join("");
  return /^[A-Za-z]/.test(role) ? role : "upstream";
}
