import type { CommandContext, StricliProcess } from "@stricli/core";
import { paint, type Style } from "../../display/paint.ts";
import { visibleLine, visibleText } from "../../errors/visible-text.ts";
import { encodeJson } from "./json-output.ts";

/** Standard output, standard error, or a stream that replaces them in a test. */
export interface OutputStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  /** `false` asks to wait for `drain` before more is written. */
  write(text: string | Uint8Array): unknown;
  once?(event: "drain", listener: () => void): unknown;
}

/** The parts of the process that a command may touch. */
export interface CommandStreams {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: NodeJS.ProcessEnv;
}

/** The flags that every command has. */
export interface CommonFlags {
  readonly dataDir?: string | undefined;
  readonly directory?: string | undefined;
  readonly json?: boolean | undefined;
  readonly color?: "auto" | "always" | "never" | undefined;
  readonly quiet?: boolean | undefined;
  readonly verbose?: boolean | undefined;
  readonly trace?: boolean | undefined;
}

/** The call that the parser hands to a command. */
export interface CommandCall extends CommandContext {
  readonly process: StricliProcess;
  readonly streams: CommandStreams;
  /** The arguments of this call, for a copy of the library that takes it over. */
  readonly argv: readonly string[];
  /** Set once the common flags are known. */
  session?: Session;
}

/**
 * One call of the command: its flags, its streams, and the methods that print. Data goes to
 * standard output and everything else to standard error; nothing in a name, a value or a message
 * reaches a terminal unescaped.
 */
export class Session {
  readonly flags: CommonFlags;
  readonly streams: CommandStreams;
  readonly argv: readonly string[];

  constructor(flags: CommonFlags, streams: CommandStreams, argv: readonly string[]) {
    this.flags = flags;
    this.streams = streams;
    this.argv = argv;
  }

  get isJson(): boolean {
    return this.flags.json === true;
  }

  /** The data directory: the flag decides, else the environment, else the library. */
  get dataDir(): string | undefined {
    return this.flags.dataDir ?? this.streams.env.PERSISTABLE_DATA_DIR;
  }

  /** One line of data. */
  line(text = ""): void {
    this.streams.stdout.write(`${visibleLine(text)}\n`);
  }

  /** Prints lines of data, which may be coloured already. */
  lines(texts: readonly string[]): void {
    if (texts.length > 0) this.streams.stdout.write(`${texts.join("\n")}\n`);
  }

  /** Writes a line to standard error, unless `-q` is given. */
  note(text: string): void {
    if (this.flags.quiet !== true) this.streams.stderr.write(`${visibleText(text)}\n`);
  }

  /** Prints the single object that is the answer of a command with `--json`. */
  json(kind: string, body: Readonly<Record<string, unknown>>): void {
    this.streams.stdout.write(`${encodeJson({ persistable: 1, kind, ...body })}\n`);
  }

  hasColor(stream: OutputStream): boolean {
    return hasColor(this.flags.color, stream, this.streams.env);
  }

  /** Returns the text in a colour, if standard output shows colours. */
  paint(style: Style, text: string): string {
    return paint({ color: this.hasColor(this.streams.stdout) }, style, text);
  }
}

/** `--color` decides, then NO_COLOR and FORCE_COLOR, then whether there is a terminal. */
export function hasColor(flag: CommonFlags["color"], stream: OutputStream, env: NodeJS.ProcessEnv): boolean {
  if (flag === "always" || flag === "never") return flag === "always";
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== "") return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== "0" && env.FORCE_COLOR !== "false";
  return stream.isTTY === true && env.TERM !== "dumb";
}
