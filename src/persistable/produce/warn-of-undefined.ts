import { visibleLine } from "../../errors/visible-text.ts";

const warned = new Set<string>();

/**
 * Warns once for each name if a generator gave `undefined`. Most often its author forgot the
 * `return`, which would otherwise be noticed much later, in whatever is made from the payload. The
 * payload is persisted all the same, since `undefined` may be meant.
 *
 * @param generator - the function as its author knows it, such as `generate`
 */
export function warnOfUndefined(name: string, generator: string, payload: unknown): void {
  if (payload !== undefined || warned.has(name)) return;
  warned.add(name);
  process.emitWarning(
    `${generator} of ${visibleLine(name)} gave undefined, which is persisted as it is. If a return was forgotten, add it and generate again; ` +
      "where nothing is meant, write return null.",
    "PersistableWarning",
  );
}
