import type { Commands } from "../../../src/explorer/api.ts";
import { CopyButton } from "./copy-button.tsx";

/** The line to type for what the page shows, on every page in the same place. */
export function CommandsBar({
  commands,
  title = "Command and TypeScript",
  others = [],
}: {
  readonly commands: Commands | undefined;
  readonly title?: string;
  /** Further lines, each with what it gives. */
  readonly others?: readonly (readonly [what: string, line: string])[];
}) {
  if (commands === undefined) return null;
  return (
    <details className="commands">
      <summary>{title}</summary>
      <div className="command-line">
        <code>{commands.shell}</code>
        <CopyButton text={commands.shell} what="command" />
      </div>
      <div className="command-line">
        <pre>{commands.typescript}</pre>
        <CopyButton text={commands.typescript} what="TypeScript" />
      </div>
      {others.map(([what, line]) => (
        <div key={what} className="command-line">
          <span className="small">{what}</span>
          <code>{line}</code>
          <CopyButton text={line} what={what} />
        </div>
      ))}
    </details>
  );
}
