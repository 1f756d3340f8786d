import { Link } from "../../location/link.tsx";
import { changeParams } from "../../location/location.ts";
import { graphUrl, whyUrl } from "../../location/pages.ts";
import { formatCount } from "../../text/format.ts";

/** Offers what can be done with the rows that are chosen, or with the active one. */
export function ChosenBar({
  chosen,
  subjects,
  onCompare,
}: {
  readonly chosen: readonly string[];
  readonly subjects: readonly string[];
  readonly onCompare: () => void;
}) {
  const [subject] = subjects;
  return (
    <div className="chosen-bar">
      <span role="status">{formatCount(chosen.length)} chosen</span>
      <button type="button" onClick={onCompare} disabled={chosen.length < 2}>
        <kbd>c</kbd> compare
      </button>
      {subject === undefined ? null : (
        <>
          <Link href={whyUrl(subject)}>
            <kbd>w</kbd> why
          </Link>
          <Link href={graphUrl(subjects)}>
            <kbd>g</kbd> graph
          </Link>
        </>
      )}
      {chosen.length === 0 ? null : (
        <button type="button" onClick={() => changeParams({ a: undefined })}>
          choose none
        </button>
      )}
      <span className="small wide-only">
        <kbd>x</kbd> chooses, <kbd>Enter</kbd> opens, <kbd>?</kbd> all keys
      </span>
    </div>
  );
}
