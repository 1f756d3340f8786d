import type { CollectionAnswer } from "../../../../src/explorer/api.ts";
import { useAnswer } from "../../api/use-answer.ts";
import { Link } from "../../location/link.tsx";
import { changeParams, useLocation } from "../../location/location.ts";
import { artifactUrl } from "../../location/pages.ts";
import { CommandsBar } from "../../parts/commands-bar.tsx";
import { Answer } from "../../parts/notices.tsx";
import { SIZE_COLUMN } from "../../parts/table/artifact-columns.tsx";
import type { Column } from "../../parts/table/column.ts";
import { DataTable } from "../../parts/table/data-table.tsx";
import { countOf, formatBytes, formatDuration } from "../../text/format.ts";

/** The fields of a policy, as the flags of `persistable gc` are called. */
const FIELDS = [
  { name: "olderThan", title: "older than", placeholder: "30d" },
  { name: "unusedSince", title: "unused since", placeholder: "30d" },
  { name: "keepLast", title: "keep the last", placeholder: "3" },
  { name: "maxSize", title: "at most", placeholder: "10GB" },
  { name: "quarantine", title: "set aside before", placeholder: "30d" },
] as const;

type Decision = CollectionAnswer["decisions"]["rows"][number];

const DECISIONS: readonly Column<Decision>[] = [
  { id: "kind", title: "kind", text: ({ kind }) => kind },
  {
    id: "what",
    title: "what",
    text: ({ what }) => what,
    show: ({ what, address }) => (address === undefined ? what : <Link href={artifactUrl(address)}>{what}</Link>),
  },
  SIZE_COLUMN,
  { id: "reason", title: "reason", text: ({ reason }) => reason },
];

/** Shows what a policy would remove, and why the rest stays. Only the command removes anything. */
export function Collection() {
  const { params } = useLocation();
  const policy = Object.fromEntries(
    [...FIELDS.map(({ name }) => name), "orphans", "query"].flatMap((name) => {
      const value = params.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
  const isGiven = Object.keys(policy).some((name) => name !== "query");
  const asked = useAnswer("/api/collection", isGiven ? policy : undefined);
  return (
    <section>
      <h2>What would be removed</h2>
      <form
        className="policy"
        onSubmit={(event) => {
          event.preventDefault();
          const given = new FormData(event.currentTarget);
          changeParams(
            Object.fromEntries(
              [...FIELDS.map(({ name }) => name), "orphans", "query"].map((name) => [
                name,
                String(given.get(name) ?? "").trim(),
              ]),
            ),
            { isStep: true },
          );
        }}
      >
        {FIELDS.map(({ name, title, placeholder }) => (
          <label key={name}>
            {title}
            <input name={name} placeholder={placeholder} defaultValue={params.get(name) ?? ""} size={8} />
          </label>
        ))}
        <label>
          query
          <input name="query" placeholder="estimator" defaultValue={params.get("query") ?? ""} />
        </label>
        <label className="row">
          <input type="checkbox" name="orphans" value="1" defaultChecked={params.get("orphans") === "1"} /> orphans
        </label>
        <button type="submit">Show what would be removed</button>
      </form>
      <p className="small">Nothing is removed here: the command below does that, with --yes.</p>
      {isGiven ? (
        <Answer of={asked} what="the decisions">
          {(answer) => <Decisions answer={answer} />}
        </Answer>
      ) : null}
    </section>
  );
}

function Decisions({
  answer: { removes, keeps, keepReasons, decisions, commands },
}: {
  readonly answer: CollectionAnswer;
}) {
  return (
    <>
      <p role="status">
        Would remove {countOf(removes.artifacts, "artifact")}, {formatBytes(removes.sizeBytes)}, about{" "}
        {formatDuration(removes.durationMs)} to generate again. {countOf(keeps.artifacts, "artifact")} of{" "}
        {formatBytes(keeps.sizeBytes)} would stay
        {keepReasons.length === 0
          ? "."
          : `: ${keepReasons.map(({ text, count }) => `${count} because ${text}`).join(", ")}.`}
      </p>
      <DataTable
        title="Would be removed"
        columns={DECISIONS}
        rows={decisions.rows}
        total={decisions.total}
        keyOf={({ what }, index) => `${what} ${index}`}
      />
      <CommandsBar commands={commands} title="Command that removes this, and TypeScript" />
    </>
  );
}
