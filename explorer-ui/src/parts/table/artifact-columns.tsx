import type { ArtifactLink, ArtifactRow } from "../../../../src/explorer/api.ts";
import { Link } from "../../location/link.tsx";
import { artifactUrl, nameUrl, shortAddress } from "../../location/pages.ts";
import { formatAgo, formatBytes, formatDuration } from "../../text/format.ts";
import { StateMark, stateWord } from "../state-mark.tsx";
import type { Column } from "./column.ts";

export const ADDRESS_COLUMN: Column<Pick<ArtifactLink, "address">> = {
  id: "address",
  title: "address",
  text: ({ address }) => shortAddress(address),
  show: ({ address }) => (
    <Link className="mono" href={artifactUrl(address)}>
      {shortAddress(address)}
    </Link>
  ),
};

export const NAME_COLUMN: Column<Pick<ArtifactLink, "name">> = {
  id: "name",
  title: "name",
  text: ({ name }) => name,
  show: ({ name }) => <Link href={nameUrl(name)}>{name}</Link>,
};

export const SIZE_COLUMN: Column<{ readonly sizeBytes?: number }> = {
  id: "size",
  title: "size",
  text: ({ sizeBytes }) => formatBytes(sizeBytes),
  order: ({ sizeBytes }) => sizeBytes,
  isNumeric: true,
};

/** The columns of artifacts in a table that is not about their params. */
export const ARTIFACT_COLUMNS: readonly Column<ArtifactRow>[] = [
  ADDRESS_COLUMN,
  NAME_COLUMN,
  {
    id: "state",
    title: "state",
    text: ({ state }) => stateWord(state),
    show: ({ state }) => <StateMark state={state} />,
  },
  { id: "problem", title: "problem", text: ({ problem }) => problem ?? "" },
  { id: "created", title: "when", text: ({ createdAt }) => formatAgo(createdAt), order: ({ createdAt }) => createdAt },
  {
    id: "took",
    title: "took",
    text: ({ durationMs }) => formatDuration(durationMs),
    order: ({ durationMs }) => durationMs,
    isNumeric: true,
  },
  SIZE_COLUMN,
];
