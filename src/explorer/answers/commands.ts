import { visibleLine } from "../../errors/visible-text.ts";
import type { Commands } from "../shapes/common.ts";

/** Writes what a user can type, for the data directory that is shown. */
export class CommandWriter {
  readonly #dataDir: string;

  /** @param dataDir - as the user has written it */
  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /** A line for a shell; arguments are quoted where they need it. */
  shell(...args: readonly string[]): string {
    const dataDir = ["--data-dir", this.#dataDir];
    return ["persistable", ...args, ...dataDir].map(quoted).join(" ");
  }

  /** A line with the terms of a query; one that begins with a sign must not look like a flag. */
  shellOfQuery(args: readonly string[], terms: readonly string[]): string {
    const isLikeFlag = terms.some((term) => term.startsWith("-"));
    if (!isLikeFlag) return this.shell(...args.slice(0, 1), ...terms, ...args.slice(1));
    return `${this.shell(...args)} ${["--", ...terms].map(quoted).join(" ")}`;
  }

  /** @param code - writes the program, with the data directory as a literal */
  commands(args: readonly string[], code: (dataDir: string) => string): Commands {
    return { shell: this.shell(...args), typescript: code(literal(this.#dataDir)) };
  }

  /** @param args - the command and its flags, without the terms of the query */
  ofQuery(args: readonly string[], terms: readonly string[], code: (dataDir: string) => string): Commands {
    return { shell: this.shellOfQuery(args, terms), typescript: code(literal(this.#dataDir)) };
  }
}

/** A value as a literal of JavaScript. */
export function literal(value: unknown): string {
  return visibleLine(JSON.stringify(value) ?? "undefined");
}

/**
 * Single quotes keep everything as it is. A text with invisible characters is written with escapes
 * that the shell understands.
 */
function quoted(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  const shown = visibleLine(text);
  const escaped = text.replaceAll("'", "'\\''");
  return shown === text ? `'${escaped}'` : `$'${visibleLine(text.replaceAll("\\", "\\\\").replaceAll("'", "\\'"))}'`;
}
