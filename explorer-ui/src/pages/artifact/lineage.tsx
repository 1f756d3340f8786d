import type { ArtifactAnswer, ArtifactLink, ArtifactRow } from "../../../../src/explorer/api.ts";
import { ask } from "../../api/ask.ts";
import { useWindows } from "../../api/use-windows.ts";
import { Link } from "../../location/link.tsx";
import { artifactsUrl, artifactUrl, shortAddress } from "../../location/pages.ts";
import { StateMark } from "../../parts/state-mark.tsx";
import { countOf } from "../../text/format.ts";

const SHOWN_DEPENDENTS = 20;

/** Both directions: what it was made from, and what was made from it. */
export function Lineage({ artifact: { address }, madeFrom, undeclared, usedBy }: ArtifactAnswer) {
  return (
    <section>
      <h2>Made from</h2>
      {madeFrom.length === 0 ? <p className="small">Nothing else: its params are all that it depends on.</p> : null}
      <ul className="plain">
        {madeFrom.map((from) => (
          <li key={from.role}>
            <span className="small">{from.role}</span> <ArtifactAnchor artifact={from} />
          </li>
        ))}
        {undeclared.map((from) => (
          <li key={from.address}>
            <span className="small">loaded without being declared</span> <ArtifactAnchor artifact={from} />
          </li>
        ))}
      </ul>
      <h2>Used by</h2>
      {usedBy === 0 ? (
        <p className="small">Nothing was made from it.</p>
      ) : (
        <Dependents address={address} total={usedBy} />
      )}
    </section>
  );
}

export function ArtifactAnchor({ artifact: { address, name, state } }: { readonly artifact: ArtifactLink }) {
  return (
    <>
      <Link href={artifactUrl(address)}>
        {name} <span className="mono">{shortAddress(address)}</span>
      </Link>{" "}
      <StateMark state={state} />
    </>
  );
}

/** The count comes first; the list only when the reader opens it. */
function Dependents({ address, total }: { readonly address: string; readonly total: number }) {
  const rows = useWindows(address, (offset, limit, signal) =>
    ask("/api/dependents", { address, offset, limit }, signal),
  );
  const shown = [...Array(Math.min(total, SHOWN_DEPENDENTS)).keys()].flatMap((index): ArtifactRow[] => {
    const row = rows.rowAt(index);
    return row === undefined ? [] : [row];
  });
  return (
    <details open={total <= 5}>
      <summary>{countOf(total, "artifact")}</summary>
      <ul className="plain">
        {shown.map((row) => (
          <li key={row.address}>
            <ArtifactAnchor artifact={row} />
          </li>
        ))}
      </ul>
      {total > SHOWN_DEPENDENTS ? (
        <Link href={artifactsUrl(`from=${address}`)}>all {countOf(total, "artifact")}</Link>
      ) : null}
    </details>
  );
}
