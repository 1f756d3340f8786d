import type { Commands } from "../../../src/explorer/api.ts";
import { CopyButton } from "./copy-button.tsx";

/** The line to type for what the page shows, on every page in the same place. */
export function CommandsBar({ commands }: { readonly commands: Commands | undefined }) {
  if (commands === undefined) return null;
  return (
    <details className="commands">
      <summary>Command and TypeScript</summary>
      <div className="command-line">
        <code>{commands.shell}</code>
        <CopyButton text={commands.shell} what="command" />
      </div>
      <div className="command-line">
        <pre>{commands.typescript}</pre>
        <CopyButton text={commands.typescript} what="TypeScript" />
      </div>
    </details>
  );
}
