/** Keys and indices that lead from a root to a value. */
export type ValuePath = readonly (string | number)[];

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/** Writes a path as code would: `params.model["odd key"][3]`. */
export function formatPath(root: string, path: ValuePath): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    if (!IDENTIFIER.test(key)) return `${text}[${JSON.stringify(key)}]`;
    return text === "" ? key : `${text}.${key}`;
  }, root);
}
