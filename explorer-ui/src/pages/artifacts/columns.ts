import type { ArtifactRow } from "../../../../src/explorer/api.ts";
import { shortAddress } from "../../location/pages.ts";
import { stateWord } from "../../parts/state-mark.tsx";
import { formatAgo, formatBytes, formatDuration, formatValue, isNumeric } from "../../text/format.ts";

/** A column of the table of artifacts: `field` is what queries and the server call it. */
export interface ArtifactColumn {
  readonly field: string;
  readonly title: string;
  /** Facts have a place of their own in a row; all else is among its values. */
  readonly text: (row: ArtifactRow) => string;
  readonly isNumeric: boolean;
  readonly width: number;
}

const fact = (field: string, width: number, text: ArtifactColumn["text"], numeric = false): ArtifactColumn => ({
  field,
  title: field,
  text,
  isNumeric: numeric,
  width,
});

const ADDRESS = fact("address", 104, (row) => shortAddress(row.address));
const NAME = fact("name", 140, (row) => row.name);
const LAST = [
  fact("created", 104, (row) => formatAgo(row.createdAt)),
  fact("took", 76, (row) => formatDuration(row.durationMs), true),
  fact("size", 80, (row) => formatBytes(row.sizeBytes), true),
  fact("state", 124, (row) => stateWord(row.state)),
];

const FACTS = new Map([NAME, ...LAST].map((column) => [column.field, column]));

/** The columns in their order: what it is, what it was made with, what came of it. */
export function artifactColumns(
  fields: readonly string[],
  rows: readonly (ArtifactRow | undefined)[],
): readonly ArtifactColumn[] {
  const values = fields.filter((field) => !FACTS.has(field)).map((field) => valueColumn(field, rows));
  return [ADDRESS, NAME, ...values, ...LAST];
}

function valueColumn(field: string, rows: readonly (ArtifactRow | undefined)[]): ArtifactColumn {
  const shown = rows.flatMap((row) => (row?.values[field] === undefined ? [] : [row.values[field]]));
  const longest = shown.reduce<number>((most, value) => Math.max(most, formatValue(value).length), field.length);
  return {
    field,
    title: field,
    text: (row) => formatValue(row.values[field]),
    isNumeric: shown.length > 0 && shown.every(isNumeric),
    width: Math.min(280, Math.max(72, longest * 8 + 34)),
  };
}
