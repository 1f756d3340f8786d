import { CommandError, ExitCode } from "../core/command-error.ts";
import type { CommonFlags, Session } from "../core/session.ts";
import { didYouMean } from "../core/suggest.ts";

/**
 * Each script calls `persistable __complete` with the words typed so far. The shell itself
 * completes files.
 */
const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `_persistable() {
  local IFS=$'\\n'
  local words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=($(persistable __complete -- "\${words[@]}" 2>/dev/null))
  [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *[=/] ]] && compopt -o nospace
}
COMP_WORDBREAKS=\${COMP_WORDBREAKS//=/}
complete -o default -F _persistable persistable
`,
  zsh: `#compdef persistable
_persistable() {
  local -a found
  found=("\${(@f)$(persistable __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  found=(\${found:#})
  if (( ! \${#found} )); then _files; return; fi
  compadd -S '' -- \${(M)found:#*[=/]}
  compadd -- \${found:#*[=/]}
}
compdef _persistable persistable
`,
  fish: `complete -c persistable -a '(persistable __complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
};

export async function completion(session: Session, _flags: CommonFlags, shell: string): Promise<number> {
  const script = SCRIPTS[shell];
  const shells = Object.keys(SCRIPTS);
  if (script === undefined)
    throw new CommandError(`There is no completion for ${shell}.${didYouMean(shell, shells)}`, {
      hint: `Give one of ${shells.join(", ")}.`,
    });
  session.streams.stdout.write(script);
  return ExitCode.done;
}
