import { describeMaking, paramFacts } from "../artifact/explain/describe-record.ts";
import { messageOf } from "../errors/error-kind.ts";
import { visibleLine } from "../errors/visible-text.ts";
import type { Preview, PreviewLimits } from "../format/preview.ts";
import type { ArtifactRecord } from "../record/record.ts";
import { describeAddress } from "../util/describe-address.ts";
import {
  escapeHtml,
  htmlFacts,
  htmlTable,
  htmlTitle,
  type NotebookDisplay,
  shownOf,
} from "../util/notebook/notebook-display.ts";
import { previewLines } from "./preview-lines.ts";

/** The parts of an opened artifact that its display reads. */
interface ShownArtifact {
  readonly record: ArtifactRecord;
  preview(limits: Partial<PreviewLimits>): Promise<Preview>;
  bytes(): Promise<Uint8Array>;
}

const LIMITS = { maxRows: 20, maxColumns: 30, maxChildren: 30, maxLines: 40 };
/** A larger picture is only described, since the notebook would hold it. */
const MOST_IMAGE_BYTES = 2_000_000;

/** Shows an artifact in a notebook: how it was made, its params, and a preview of its payload. */
export async function displayArtifact(artifact: ShownArtifact): Promise<NotebookDisplay> {
  const { name, address, params } = artifact.record;
  const title = visibleLine(name);
  const made = `${describeAddress(address)}: ${describeMaking(artifact.record)}`;
  return {
    "text/plain": `${title} ${made}`,
    "text/html": htmlTitle(title, made) + htmlFacts(paramFacts(params)) + (await previewHtml(artifact)),
  };
}

/** A payload that cannot be read must not hide the record. */
async function previewHtml(artifact: ShownArtifact): Promise<string> {
  try {
    const preview = await artifact.preview(LIMITS);
    return (await imageHtml(artifact, preview)) ?? htmlOf(preview);
  } catch (error) {
    return `<p>${escapeHtml(messageOf(error))}</p>`;
  }
}

async function imageHtml(artifact: ShownArtifact, preview: Preview): Promise<string | undefined> {
  if (preview.kind !== "image" || preview.totalBytes > MOST_IMAGE_BYTES) return undefined;
  const base64 = Buffer.from(await artifact.bytes()).toString("base64");
  return `<img alt="${escapeHtml(artifact.record.name)}" src="data:${preview.mediaType};base64,${base64}">`;
}

function htmlOf(preview: Preview): string {
  if (preview.kind !== "table") return `<pre>${escapeHtml(previewLines(preview).join("\n"))}</pre>`;
  const { columns, rows, rowCount, columnCount } = preview;
  const shown = [
    rowCount === undefined ? `the first ${rows.length} rows` : shownOf(rows.length, rowCount, "row"),
    shownOf(columns.length, columnCount, "column"),
  ];
  const cells = rows.map((row) => row.map((cell) => cell ?? ""));
  return `${htmlTable(
    columns.map(({ name }) => name),
    cells,
  )}<p>${shown.join(", ")}</p>`;
}
