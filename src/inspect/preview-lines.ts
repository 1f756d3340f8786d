import type { ColumnStatistics, Preview, PreviewNode, TablePreview } from "../format/preview.ts";
import { describeBytes } from "../util/describe-bytes.ts";

/** A preview of a payload that is not a table, in some lines of text. */
export function previewLines(preview: Exclude<Preview, TablePreview>): readonly string[] {
  switch (preview.kind) {
    case "array":
      return [
        `${preview.type} array of shape ${preview.shape.join("×")}${describeStatistics(preview.statistics)}`,
        `${preview.values.slice(0, 12).join(", ")}${preview.count > 12 ? ", …" : ""}`,
      ];
    case "tree":
      return treeLines("", preview.root, "");
    case "text": {
      const left = preview.lineCount === undefined ? "…" : `… ${preview.lineCount} lines`;
      return preview.tail.length === 0 ? preview.head : [...preview.head, left, ...preview.tail];
    }
    case "image":
      return [
        `${preview.mediaType}, ${preview.width ?? "?"}×${preview.height ?? "?"}, ${describeBytes(preview.totalBytes)}`,
      ];
    case "files":
      return [
        `${preview.fileCount} files, ${describeBytes(preview.totalBytes)}`,
        ...preview.files.map(({ path, sizeBytes }) => `  ${path}  ${describeBytes(sizeBytes)}`),
      ];
    case "hex":
      return [
        `${describeBytes(preview.totalBytes)}${preview.problem === undefined ? "" : `: ${preview.problem}`}`,
        preview.hex.slice(0, 64),
      ];
  }
}

function describeStatistics({ min, max, mean, missing }: ColumnStatistics): string {
  const parts = [
    min === undefined ? "" : `min ${min}`,
    mean === undefined ? "" : `mean ${Number(mean.toPrecision(6))}`,
    max === undefined ? "" : `max ${max}`,
    missing === 0 ? "" : `${missing} missing`,
  ].filter(Boolean);
  return parts.length === 0 ? "" : `: ${parts.join(", ")}`;
}

function treeLines(
  key: string,
  { type, text, children, childCount = 0 }: PreviewNode,
  indent: string,
): readonly string[] {
  const label = key === "" ? "" : `${key}: `;
  if (children === undefined) return [`${indent}${label}${text ?? type}`];
  const rest = childCount - children.length;
  return [
    `${indent}${label}${type}${childCount === 0 ? " (empty)" : ""}`,
    ...children.flatMap((child) => treeLines(child.key, child.value, `${indent}  `)),
    ...(rest > 0 ? [`${indent}  … ${rest} more`] : []),
  ];
}
