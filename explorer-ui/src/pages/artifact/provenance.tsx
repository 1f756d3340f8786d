import { useState } from "react";
import type { ArtifactAnswer } from "../../../../src/explorer/api.ts";
import { useAnswer } from "../../api/use-answer.ts";
import { JsonTree } from "../../parts/json-tree.tsx";
import { Loading, Problem } from "../../parts/notices.tsx";
import { countOf, formatAgo, formatBytes, formatCost, formatDuration, formatTime } from "../../text/format.ts";

/** When, where and with what it was made, and whether its bytes are still what was written. */
export function Provenance({ artifact, cost, provenance, payload }: ArtifactAnswer) {
  const { address, createdAt, durationMs, version, draw } = artifact;
  const facts: readonly (readonly [string, string])[] = [
    ["made", createdAt === undefined ? "" : `${formatAgo(createdAt)} (${formatTime(createdAt)})`],
    ["took", formatDuration(durationMs)],
    ["cost", formatCost(cost)],
    ["version", version === undefined ? "" : String(version)],
    ["draw", draw === undefined ? "" : String(draw)],
    ["format", payload?.format ?? ""],
    ["size", payload === undefined ? "" : sizeText(payload)],
    ["digest", payload?.digest ?? ""],
    ["file", payload === undefined ? "" : (payload.file ?? "inside the record")],
  ];
  return (
    <section>
      <h2>Made</h2>
      <dl className="facts">
        {facts.map(([title, text]) =>
          text === "" ? null : (
            <div key={title}>
              <dt>{title}</dt>
              <dd className={title === "digest" || title === "file" ? "mono" : undefined}>{text}</dd>
            </div>
          ),
        )}
      </dl>
      {artifact.state === "present" ? <Verify address={address} /> : null}
      {Object.keys(provenance).length === 0 ? null : (
        <details>
          <summary>Provenance</summary>
          <JsonTree value={provenance} depth={1} />
        </details>
      )}
    </section>
  );
}

function sizeText({ sizeBytes, files }: NonNullable<ArtifactAnswer["payload"]>): string {
  return files === undefined ? formatBytes(sizeBytes) : `${formatBytes(sizeBytes)} in ${countOf(files, "file")}`;
}

/** Reads every byte, so it happens only when the reader asks. */
function Verify({ address }: { readonly address: string }) {
  const [isAsked, setIsAsked] = useState(false);
  const { answer, error, isLoading } = useAnswer("/api/verify", isAsked ? { address } : undefined);
  if (!isAsked) {
    return (
      <button type="button" onClick={() => setIsAsked(true)}>
        Verify now
      </button>
    );
  }
  if (error !== undefined) return <Problem error={error} />;
  if (answer === undefined || isLoading) return <Loading what="every byte of the payload" />;
  if (answer.isIntact) {
    return (
      <p role="status" className="state" data-tone="good">
        ● intact: every byte is what was written ({formatDuration(answer.tookMs)})
      </p>
    );
  }
  return (
    <div role="status" className="notice" data-tone="bad">
      <strong>! damaged</strong>
      <ul>
        {answer.damaged.map(({ path, problem }) => (
          <li key={path}>
            <code>{path}</code>: {problem}
          </li>
        ))}
      </ul>
      <p>The next program that asks for this payload sets the artifact aside and generates it again.</p>
    </div>
  );
}
