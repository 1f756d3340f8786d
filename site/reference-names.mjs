// @ts-check
// Names in the generated reference: an entry point is called as it is imported, and a link may name
// any public export, also one that its own file does not import.
import { Converter, ReflectionKind } from "typedoc";

/** @param {import("typedoc").Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_context, reflection) => {
    if (!reflection.kindOf(ReflectionKind.Module)) return;
    reflection.name = reflection.name === "index" ? "persistable-ts" : `persistable-ts/${reflection.name}`;
  });
  app.converter.addUnknownSymbolResolver(({ symbolReference }, source) => {
    const [name, ...members] = symbolReference?.path?.map(({ path }) => path) ?? [];
    if (name === undefined) return undefined;
    const found = exportCalled(name, source.project);
    const target = members.length === 0 ? found : found?.getChildByName(members);
    // TypeDoc links to a reflection as well, although the type of `target` says only string.
    return target && { target: /** @type {string} */ (/** @type {unknown} */ (target)) };
  });
}

/**
 * @param {string} name
 * @param {import("typedoc").ProjectReflection} project
 */
function exportCalled(name, project) {
  for (const entryPoint of project.children ?? [])
    for (const child of entryPoint.children ?? [])
      if (child.name === name && !child.kindOf(ReflectionKind.Reference)) return child;
  return undefined;
}
