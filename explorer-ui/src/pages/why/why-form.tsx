import type { Json, WhyAnswer } from "../../../../src/explorer/api.ts";
import { changeParams } from "../../location/location.ts";
import { formatValue, taggedText } from "../../text/format.ts";

/** The params that are asked about: what is left empty is as in the nearest artifact. */
export function WhyForm({ answer: { name, params, fields } }: { readonly answer: WhyAnswer }) {
  if (fields.length === 0) return <p className="small">It has no params.</p>;
  return (
    <form
      className="policy"
      // Another answer brings other values, which the fields have to show.
      key={JSON.stringify(params)}
      onSubmit={(event) => {
        event.preventDefault();
        const given = new FormData(event.currentTarget);
        const terms = fields.flatMap(({ field }) => {
          const text = String(given.get(field) ?? "").trim();
          return text === "" ? [] : [`${field}=${text}`];
        });
        changeParams({ a: undefined, p: terms, name }, { isStep: true });
      }}
    >
      {fields.map(({ field, values }, index) => (
        <label key={field}>
          {field}
          <input name={field} defaultValue={formatValue(valueAt(params, field))} list={`values-${index}`} size={10} />
          <datalist id={`values-${index}`}>
            {values.map((value) => (
              <option key={JSON.stringify(value)} value={formatValue(value)} />
            ))}
          </datalist>
        </label>
      ))}
      <button type="submit">Ask</button>
    </form>
  );
}

/** The value at `points.n`, where a key may hold a dot itself. */
function valueAt(value: Json | undefined, path: string): Json | undefined {
  if (value === null || typeof value !== "object" || Array.isArray(value) || taggedText(value) !== undefined)
    return undefined;
  const object = value as { readonly [key: string]: Json };
  if (path in object) return object[path];
  for (const [key, child] of Object.entries(object)) {
    const found = path.startsWith(`${key}.`) ? valueAt(child, path.slice(key.length + 1)) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
