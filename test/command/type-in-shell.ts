import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

export type Shell = "bash" | "zsh" | "fish";

const RC: Readonly<Record<Shell, { readonly file: string; readonly text: (command: string) => string }>> = {
  bash: {
    file: "bashrc",
    text: (command) => `PS1='ready> '
persistable() { if [ "$1" = __complete ]; then ${command} "$@"; else printf '<<%s>>\\n' "$*"; fi; }
eval "$(${command} completion bash)"
`,
  },
  zsh: {
    file: ".zshrc",
    text: (command) => `PROMPT='ready> '
autoload -Uz compinit && compinit -u -D
persistable() { if [ "$1" = __complete ]; then ${command} "$@"; else printf '<<%s>>\\n' "$*"; fi; }
eval "$(${command} completion zsh)"
`,
  },
  fish: {
    file: "config.fish",
    text: (command) => `function fish_prompt; echo 'ready> '; end
function fish_greeting; end
function persistable
  if test "$argv[1]" = __complete
    ${command} $argv
  else
    printf '<<%s>>\\n' "$argv"
  end
end
${command} completion fish | source
`,
  },
};

/**
 * Types lines into a shell on a terminal of its own, and returns the words with which each would
 * have started the command.
 *
 * @param command - what starts the command, for the completion script
 * @param lines - what is typed, without Enter
 */
export async function typeInShell(
  shell: Shell,
  command: string,
  folder: string,
  lines: readonly string[],
): Promise<readonly string[]> {
  const home = path.join(folder, `home-${shell}`);
  mkdirSync(home, { recursive: true });
  const { file, text } = RC[shell];
  const rc = path.join(home, file);
  writeFileSync(rc, text(command));
  const start = {
    bash: `bash --noprofile --rcfile ${rc} -i`,
    zsh: "zsh -i",
    fish: `fish --no-config -i -C "source ${rc}"`,
  }[shell];
  const env = { ...process.env, HOME: home, ZDOTDIR: home, TERM: "xterm", PERSISTABLE_DATA_DIR: undefined };
  const child = spawn("script", ["-qec", start, "/dev/null"], { cwd: folder, env, stdio: ["pipe", "pipe", "inherit"] });
  const closed = once(child, "close");
  const found: string[] = [];
  let out = "";
  let typed = 0;
  const type = (): void => {
    const line = lines[typed++];
    child.stdin.write(line === undefined ? "exit\r" : `${line}\r`);
  };
  child.stdout.setEncoding("utf8").on("data", (piece: string) => {
    out += piece;
    const results = [...out.matchAll(/<<(.*?)>>/gs)].map(([, words = ""]) => words);
    if (typed === 0 && out.includes("ready>")) type();
    else if (typed > 0 && results.length === typed && results.length > found.length) {
      found.push(results.at(-1) ?? "");
      type();
    }
  });
  await closed;
  if (found.length < lines.length) throw new Error(`${shell} ended early:\n${out}`);
  return found;
}
