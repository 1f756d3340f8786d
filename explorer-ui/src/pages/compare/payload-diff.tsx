import { diffLines } from "diff";
import type { ArtifactRow, Preview, PreviewNode } from "../../../../src/explorer/api.ts";
import { useAnswer } from "../../api/use-answer.ts";
import { shortAddress } from "../../location/pages.ts";
import { ScrollBox } from "../../parts/scroll-box.tsx";

/** Two payloads line by line, where they have lines: text, trees, and the columns of tables. */
export function PayloadDiff({ one, other }: { readonly one: ArtifactRow; readonly other: ArtifactRow }) {
  const first = useAnswer("/api/preview", { address: one.address });
  const second = useAnswer("/api/preview", { address: other.address });
  if (first.answer === undefined || second.answer === undefined) return null;
  const [before, after] = [linesOf(first.answer.preview), linesOf(second.answer.preview)];
  if (before === undefined || after === undefined) return null;
  const parts = diffLines(before, after);
  const isSame = parts.every(({ added, removed }) => !added && !removed);
  return (
    <section>
      <h2>Payloads</h2>
      {isSame ? (
        <p>What is shown of both payloads is the same.</p>
      ) : (
        <ScrollBox label="Differences between the payloads">
          <pre className="payload diff">
            {parts.map(({ value, added, removed }, part) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place.
              <span key={part} data-change={added ? "added" : removed ? "removed" : undefined}>
                {value.replace(/^(?=.)/gm, added ? "+ " : removed ? "- " : "  ")}
              </span>
            ))}
          </pre>
        </ScrollBox>
      )}
      <p className="small">
        - only in {shortAddress(one.address)}, + only in {shortAddress(other.address)}; only what the previews show is
        compared
      </p>
    </section>
  );
}

function linesOf(preview: Preview): string | undefined {
  if (preview.kind === "text") return [...preview.head, ...preview.tail, ""].join("\n");
  if (preview.kind === "tree") return [...nodeLines("", preview.root, ""), ""].join("\n");
  if (preview.kind !== "table") return undefined;
  const columns = preview.columns.map(({ name, type, statistics: { missing, min, max, mean } }) =>
    [name, type, `missing ${missing}`, `min ${min}`, `max ${max}`, `mean ${mean}`].join("  "),
  );
  return [`${preview.rowCount ?? "?"} rows, ${preview.columnCount} columns`, ...columns, ""].join("\n");
}

function nodeLines(key: string, { type, text, children }: PreviewNode, indent: string): readonly string[] {
  const name = key === "" ? "" : `${key}: `;
  if (children === undefined) return [`${indent}${name}${text ?? type}`];
  return [`${indent}${name}${type}`, ...children.flatMap((child) => nodeLines(child.key, child.value, `${indent}  `))];
}
