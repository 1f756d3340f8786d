import type { PreviewNode, TreePreview } from "../../../../../src/explorer/api.ts";
import { countOf } from "../../../text/format.ts";

export function TreePreviewed({ preview: { root, isCut } }: { readonly preview: TreePreview }) {
  return (
    <>
      <div className="tree">
        <TreeNode node={root} depth={0} />
      </div>
      {isCut ? <p className="small">Only the beginning is shown: download the payload for all of it.</p> : null}
    </>
  );
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
