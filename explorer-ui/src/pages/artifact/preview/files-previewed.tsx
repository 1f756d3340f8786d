import type { FilesPreview } from "../../../../../src/explorer/api.ts";
import { changeParams } from "../../../location/location.ts";
import { SIZE_COLUMN } from "../../../parts/table/artifact-columns.tsx";
import type { Column } from "../../../parts/table/column.ts";
import { DataTable } from "../../../parts/table/data-table.tsx";
import { formatBytes } from "../../../text/format.ts";

type File = FilesPreview["files"][number];

const COLUMNS: readonly Column<File>[] = [
  {
    id: "path",
    title: "path",
    text: ({ path }) => path,
    show: ({ path }) => (
      <button type="button" className="link" onClick={() => changeParams({ f: path }, { isStep: true })}>
        {path}
      </button>
    ),
  },
  SIZE_COLUMN,
  {
    id: "digest",
    title: "digest",
    text: ({ digest }) => digest,
    show: ({ digest }) => <span className="mono">{digest}</span>,
  },
];

export function FilesPreviewed({ preview: { files, fileCount, totalBytes } }: { readonly preview: FilesPreview }) {
  return (
    <DataTable
      title="Files"
      columns={COLUMNS}
      rows={files}
      total={fileCount}
      keyOf={({ path }) => path}
      note={<span className="small">{formatBytes(totalBytes)} together</span>}
    />
  );
}
