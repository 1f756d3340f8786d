import { useAnswer } from "../../api/use-answer.ts";
import { countOf } from "../../text/format.ts";

/** Chooses one of the names of the data directory. */
export function NamePicker({
  chosen,
  onChoose,
}: {
  readonly chosen: string | undefined;
  readonly onChoose: (name: string) => void;
}) {
  const { answer } = useAnswer("/api/store", {});
  const names = answer?.names.rows ?? [];
  if (names.length === 0) return <p className="small">There are no names yet.</p>;
  return (
    <label>
      name{" "}
      <select value={chosen ?? ""} onChange={({ target }) => onChoose(target.value)}>
        {chosen === undefined ? <option value="">choose …</option> : null}
        {names.map(({ name, artifacts }) => (
          <option key={name} value={name}>
            {name} ({countOf(artifacts, "artifact")})
          </option>
        ))}
      </select>
    </label>
  );
}
