import { countOf, formatCount, formatTime } from "../text/format.ts";
import { exportedData } from "./exported-data.ts";

/** Says what of the data directory is in the file, and what is not. */
export function ExportNote() {
  const { exportedAt, query, counts } = exportedData();
  const { artifacts, pages, names, runs } = counts;
  const of = ({ exported, total }: typeof artifacts, one: string) =>
    `${formatCount(exported)} of ${countOf(total, one)}`;
  return (
    <p className="export-note small" role="note">
      Exported {formatTime(exportedAt)}
      {query === "" ? "" : `, for the query ${query}`}: {of(artifacts, "artifact")}, {formatCount(pages.exported)} of
      them with record and preview; {of(names, "name")}; {of(runs, "run")}. Payloads are not in the file.
    </p>
  );
}
