import type { Json } from "../../../src/explorer/api.ts";
import { countOf, formatValue, taggedText } from "../text/format.ts";
import { copyText } from "./copy-button.tsx";

const MOST_CHILDREN = 200;
const MOST_CHARACTERS = 1000;

/** A value as a tree that folds. A click on a key copies its path, a click on a value the value. */
export function JsonTree({
  value,
  path = "",
  depth = 0,
  notes = {},
}: {
  readonly value: Json;
  readonly path?: string;
  readonly depth?: number;
  /** A note behind a key of the first level. */
  readonly notes?: Readonly<Record<string, string>>;
}) {
  const entries = childrenOf(value);
  if (entries === undefined) return <Leaf value={value} path={path} />;
  return (
    <ul className="tree">
      {entries.slice(0, MOST_CHILDREN).map(([key, child]) => {
        const childPath = path === "" ? key : `${path}.${key}`;
        const inner = childrenOf(child);
        if (inner === undefined) {
          return (
            <li key={key}>
              <KeyButton name={key} path={childPath} /> <Leaf value={child} path={childPath} />
              {notes[key] === undefined ? null : <span className="small"> {notes[key]}</span>}
            </li>
          );
        }
        return (
          <li key={key}>
            <details open={depth < 2 && inner.length <= 50}>
              <summary>
                <span className="key">{key}</span>
                <span className="small"> {Array.isArray(child) ? countOf(inner.length, "item") : ""}</span>
              </summary>
              <JsonTree value={child} path={childPath} depth={depth + 1} />
            </details>
          </li>
        );
      })}
      {entries.length > MOST_CHILDREN ? (
        <li className="small">
          {MOST_CHILDREN} of {countOf(entries.length, "entry", "entries")} are shown.
        </li>
      ) : null}
    </ul>
  );
}

/** The children that a tree unfolds; a tagged value such as a date is a leaf. */
function childrenOf(value: Json): readonly (readonly [string, Json])[] | undefined {
  if (value === null || typeof value !== "object" || taggedText(value) !== undefined) return undefined;
  const entries = Object.entries(value);
  return entries.length === 0 ? undefined : entries;
}

function KeyButton({ name, path }: { readonly name: string; readonly path: string }) {
  return (
    <button type="button" className="key" title={`Copy the path ${path}`} onClick={() => void copyText(path, "path")}>
      {name}
    </button>
  );
}

function Leaf({ value, path }: { readonly value: Json; readonly path: string }) {
  const kind = value === null ? "null" : typeof value;
  const text = typeof value === "string" ? JSON.stringify(value) : formatValue(value);
  return (
    <button
      type="button"
      className="leaf"
      data-kind={kind}
      title={`Copy the value of ${path}`}
      onClick={() => void copyText(typeof value === "string" ? value : JSON.stringify(value), "value")}
    >
      {text.slice(0, MOST_CHARACTERS)}
      {text.length > MOST_CHARACTERS ? `… (of ${countOf(text.length, "character")}; a click copies all)` : ""}
    </button>
  );
}
