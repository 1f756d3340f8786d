import type { ArtifactAnswer } from "../../../../src/explorer/api.ts";
import { useAnswer } from "../../api/use-answer.ts";
import { useShortcuts } from "../../keyboard/shortcuts.ts";
import { Link } from "../../location/link.tsx";
import { navigate, urlOf } from "../../location/location.ts";
import { graphUrl, nameUrl, shortAddress, whyUrl } from "../../location/pages.ts";
import { CommandsBar } from "../../parts/commands-bar.tsx";
import { CopyButton, copyText } from "../../parts/copy-button.tsx";
import { JsonTree } from "../../parts/json-tree.tsx";
import { Answer } from "../../parts/notices.tsx";
import { StateMark } from "../../parts/state-mark.tsx";
import { Lineage } from "./lineage.tsx";
import { PayloadPreview } from "./payload-preview.tsx";
import { Provenance } from "./provenance.tsx";

/** One artifact: what it was made with, what it is, where it comes from and what came of it. */
export function ArtifactPage({ address }: { readonly address: string }) {
  const asked = useAnswer("/api/artifact", { address });
  return (
    <main>
      {asked.answer === undefined ? <h1>Artifact {address}</h1> : null}
      <Answer of={asked} what="the artifact">
        {(answer) => <Shown {...answer} />}
      </Answer>
    </main>
  );
}

function Shown(answer: ArtifactAnswer) {
  const { artifact, params, untracked, summary, tags, isPinned, commands, payload, record } = answer;
  const { address, name, state, problem } = artifact;
  useShortcuts({
    y: () => void copyText(address, "address"),
    w: () => navigate(whyUrl(address)),
    g: () => navigate(graphUrl([address])),
    c: () =>
      navigate(urlOf("/compare", { a: [shortAddress(address), ...answer.madeFrom.map((from) => from.address)] })),
    p: () => navigate(urlOf("/sweep", { name })),
  });
  const isPresent = state === "present";
  return (
    <>
      <h1>
        <Link href={nameUrl(name)}>{name}</Link> <span className="mono">{shortAddress(address)}</span>{" "}
        <StateMark state={state} />
        {tags.map((tag) => (
          <span key={tag} className="tag">
            {tag}
          </span>
        ))}
        {isPinned ? <span className="tag">pinned</span> : null}
      </h1>
      <p className="buttons">
        <CopyButton text={address} what="address" />
        <CopyButton text={commands.typescript} what="TypeScript" />
        <CopyButton text={commands.cat} what="command" />
        {payload?.download === undefined ? null : (
          <a className="button" href={payload.download} download="">
            Download payload
          </a>
        )}
        <Link className="button" href={whyUrl(address)}>
          Why
        </Link>
        <Link className="button" href={graphUrl([address])}>
          Graph
        </Link>
      </p>
      {problem === undefined ? null : (
        <div className="notice" data-tone="bad">
          <strong>{problem}</strong>
          {state === "failed" ? <p>Run it again with the command below, and the error comes with its stack.</p> : null}
        </div>
      )}
      <div className="two-columns">
        <div>
          <section>
            <h2>Params</h2>
            {Object.keys(params).length === 0 ? (
              <p className="small">It has no params.</p>
            ) : (
              <JsonTree
                value={params}
                notes={Object.fromEntries(untracked.map((key) => [key, "(not part of the address)"]))}
              />
            )}
          </section>
          {isPresent ? <PayloadPreview address={address} /> : null}
        </div>
        <div>
          {Object.keys(summary).length === 0 ? null : (
            <section>
              <h2>Summary</h2>
              <JsonTree value={summary} />
            </section>
          )}
          <Lineage {...answer} />
          <Provenance {...answer} />
        </div>
      </div>
      {record === undefined ? null : (
        <details>
          <summary>Record</summary>
          <pre className="record">{record.text}</pre>
        </details>
      )}
      <CommandsBar
        commands={commands}
        others={[
          ["the payload", commands.cat],
          ["the reason", commands.why],
          ["the graph", commands.graph],
          ["what has the same params", commands.find],
          ["a program without its definition", commands.open],
        ]}
      />
    </>
  );
}
