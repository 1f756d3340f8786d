import { visibleText } from "../../../../src/errors/visible-text.ts";
import { changeParams } from "../../location/location.ts";
import { Empty } from "../../parts/notices.tsx";
import { termsOf } from "../../text/terms.ts";

const EXAMPLE = `import { definePersistable, typedParams } from "persistable-ts";

const square = definePersistable({
  name: "square",
  params: typedParams<{ x: number }>(),
  generate: ({ params }) => params.x ** 2,
});

console.log(await square({ x: 7 }, { dataDir: "example-data" }).payload);`;

/** Shown to a newcomer: how the first artifact comes into being. */
export function FirstSteps() {
  return (
    <Empty title="There are no artifacts in this data directory yet.">
      <p>
        An artifact appears here as soon as a program asks for a payload for the first time. This one makes the first,
        and the page shows it at once:
      </p>
      <pre>{EXAMPLE}</pre>
      <p>
        If you expected artifacts, compare the data directory at the top of the page with the <code>dataDir</code> of
        your program.
      </p>
    </Empty>
  );
}

/** A query that means nothing: each of its terms can be taken out. */
export function NothingFound({ query }: { readonly query: string }) {
  const terms = termsOf(query);
  return (
    <Empty title="No artifact fits every term of the query.">
      <p>Take out a term, or all of them:</p>
      <p className="buttons">
        {terms.map((term) => (
          <button
            type="button"
            key={term}
            onClick={() => changeParams({ q: terms.filter((other) => other !== term).join(" ") }, { isStep: true })}
          >
            without <code>{visibleText(term)}</code>
          </button>
        ))}
        <button type="button" onClick={() => changeParams({ q: undefined }, { isStep: true })}>
          all artifacts
        </button>
      </p>
    </Empty>
  );
}
