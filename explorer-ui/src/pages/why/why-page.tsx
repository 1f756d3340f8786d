import type { WhyAnswer, WhyChange } from "../../../../src/explorer/api.ts";
import { useAnswer } from "../../api/use-answer.ts";
import { Link } from "../../location/link.tsx";
import { changeParams, navigate, urlOf, useLocation } from "../../location/location.ts";
import { artifactsUrl, artifactUrl, compareUrl, shortAddress } from "../../location/pages.ts";
import { CommandsBar } from "../../parts/commands-bar.tsx";
import { Answer, Empty } from "../../parts/notices.tsx";
import { StateMark } from "../../parts/state-mark.tsx";
import { countOf, formatAgo, formatCost, formatCount, formatDuration, formatValue } from "../../text/format.ts";
import { NamePicker } from "./name-picker.tsx";
import { WhyForm } from "./why-form.tsx";

/** Why there is an artifact with some params, or none: what is nearest, and what differs. */
export function WhyPage() {
  const { params } = useLocation();
  const address = params.get("a") ?? undefined;
  const name = params.get("name") ?? undefined;
  const param = params.getAll("p");
  const question = address === undefined ? name && { name, param } : { address };
  const asked = useAnswer("/api/why", question === "" ? undefined : question);
  return (
    <main>
      <h1>Why</h1>
      {question === undefined || question === "" ? (
        <Empty title="Which name do you want to ask about?">
          <p>
            Choose one, then give its params: the page says whether that artifact is there, and if not, what differs.
          </p>
          <NamePicker chosen={undefined} onChoose={(next) => navigate(urlOf("/why", { name: next }))} />
        </Empty>
      ) : (
        <Answer of={asked} what="the reason">
          {(answer) => <Reason answer={answer} />}
        </Answer>
      )}
    </main>
  );
}

function Reason({ answer }: { readonly answer: WhyAnswer }) {
  const { name, state, artifact, reason, changes, nearest, compared, downstream, expected, commands } = answer;
  return (
    <>
      <NamePicker
        chosen={name}
        onChoose={(next) => changeParams({ name: next, a: undefined, p: undefined }, { isStep: true })}
      />
      <WhyForm answer={answer} />
      <div className="notice" data-tone={state === "failed" || state === "damaged" ? "bad" : "quiet"} role="status">
        <p>
          <StateMark state={state} />{" "}
          {artifact === undefined ? null : (
            <>
              <Link href={artifactUrl(artifact.address)}>
                {name} <span className="mono">{shortAddress(artifact.address)}</span>
              </Link>
              , made {formatAgo(artifact.createdAt)}
            </>
          )}
        </p>
        <p>
          <strong>{reason}</strong>
        </p>
        {expected === undefined || state === "present" ? null : (
          <p>
            Generating it takes about {formatDuration(expected.durationMs)}
            {formatCost(expected.cost) === "" ? "" : ` and ${formatCost(expected.cost)}`}, as far as the nearest
            artifacts tell.
          </p>
        )}
      </div>
      {state === "present" || changes.length === 0 ? null : (
        <section>
          <h2>What differs from the nearest, the root cause first</h2>
          <Changes changes={changes} />
        </section>
      )}
      <section>
        <h2>
          The nearest <span className="small">of {formatCount(compared)} that were compared</span>
        </h2>
        {nearest.length === 0 ? <p>There is no other artifact of this name.</p> : null}
        <ol>
          {nearest.map((near) => (
            <li key={near.artifact.address}>
              <Link href={artifactUrl(near.artifact.address)}>
                <span className="mono">{shortAddress(near.artifact.address)}</span>
              </Link>{" "}
              <StateMark state={near.artifact.state} /> {formatAgo(near.artifact.createdAt)}
              {artifact === undefined || artifact.address === near.artifact.address ? null : (
                <>
                  {" · "}
                  <Link href={compareUrl([artifact.address, near.artifact.address])}>compare</Link>
                </>
              )}
              <Changes changes={near.changes} />
            </li>
          ))}
        </ol>
      </section>
      {downstream.length === 0 ? null : (
        <section>
          <h2>If this one changed, these would be generated again</h2>
          <ul>
            {downstream.map((each) => (
              <li key={each.name}>
                <Link href={artifactsUrl(each.name)}>{each.name}</Link>: {countOf(each.count, "artifact")}
              </li>
            ))}
          </ul>
        </section>
      )}
      <CommandsBar commands={commands} />
    </>
  );
}

function Changes({ changes }: { readonly changes: readonly WhyChange[] }) {
  if (changes.length === 0) return <p className="small">Nothing differs.</p>;
  return (
    <ul className="plain changes">
      {changes.map(({ path, value, nearestValue }) => (
        <li key={path}>
          <code>{path}</code>: <strong>{value === undefined ? "none" : formatValue(value)}</strong>{" "}
          <span className="small">nearest has {nearestValue === undefined ? "none" : formatValue(nearestValue)}</span>
        </li>
      ))}
    </ul>
  );
}
