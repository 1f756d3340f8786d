import { useState } from "react";
import type { PreviewNode, TreePreview } from "../../../../../src/explorer/api.ts";
import { countOf } from "../../../text/format.ts";

export function TreePreviewed({ preview: { root, isCut } }: { readonly preview: TreePreview }) {
  const [text, setText] = useState("");
  const found = text === "" ? root : nodeWith(root, text.toLowerCase());
  return (
    <>
      {root.children === undefined ? null : (
        <input
          type="search"
          aria-label="Only keys and values that contain this text"
          placeholder="search in what is shown"
          value={text}
          onChange={({ target }) => setText(target.value)}
        />
      )}
      <div className="tree">
        {found === undefined ? (
          <p className="small">Nothing of what is shown contains it.</p>
        ) : (
          // A search opens everything that it has found.
          <TreeNode key={text} node={found} depth={text === "" ? 0 : -100} />
        )}
      </div>
      {isCut ? <p className="small">Only the beginning is shown: download the payload for all of it.</p> : null}
    </>
  );
}

/** The part of a tree that leads to keys and values with a text; `undefined` if there is none. */
function nodeWith(node: PreviewNode, text: string): PreviewNode | undefined {
  const { children, text: own = "" } = node;
  if (own.toLowerCase().includes(text)) return node;
  const found = (children ?? []).flatMap(({ key, value }) => {
    const inner = key.toLowerCase().includes(text) ? value : nodeWith(value, text);
    return inner === undefined ? [] : [{ key, value: inner }];
  });
  return found.length === 0 ? undefined : { ...node, children: found, childCount: found.length };
}

function TreeNode({
  node: { type, text, children, childCount },
  depth,
}: {
  readonly node: PreviewNode;
  readonly depth: number;
}) {
  if (children === undefined) {
    return (
      <>
        <span className="leaf" data-kind={type}>
          {text}
        </span>{" "}
        <span className="small">{["string", "number", "boolean", "null"].includes(type) ? "" : type}</span>
      </>
    );
  }
  const left = (childCount ?? children.length) - children.length;
  return (
    <details open={depth < 2}>
      <summary>
        {type} <span className="small">{text ?? countOf(childCount ?? children.length, "entry", "entries")}</span>
      </summary>
      <ul className="tree">
        {children.map(({ key, value }) => (
          <li key={key}>
            <span className="key">{key}</span> <TreeNode node={value} depth={depth + 1} />
          </li>
        ))}
        {left > 0 ? <li className="small">and {countOf(left, "more entry", "more entries")}</li> : null}
      </ul>
    </details>
  );
}
