import { type BaseArgs, buildCommand, type Command } from "@stricli/core";
import { type CommandCall, type CommonFlags, Session } from "../core/session.ts";

/** The function of a command, which returns the exit code. */
type CommandBody<Flags extends CommonFlags, Args extends BaseArgs> = (
  session: Session,
  flags: Flags,
  ...args: Args
) => Promise<number>;

interface CommandDescription<Flags extends CommonFlags, Args extends BaseArgs> {
  readonly load: () => Promise<CommandBody<Flags, Args>>;
  readonly parameters: NoInfer<Parameters<typeof buildCommand<Flags, Args, CommandCall>>[0]["parameters"]>;
  readonly brief: string;
  /** Examples, which the help page shows below the usage. */
  readonly text?: string;
}

/**
 * Defines a command whose code is loaded when it is run. Its session is made when the common flags
 * are known.
 */
export function defineCommand<Flags extends CommonFlags, Args extends BaseArgs>({
  load,
  parameters,
  brief,
  text,
}: CommandDescription<Flags, Args>): Command<CommandCall> {
  return buildCommand<Flags, Args, CommandCall>({
    loader: async () => {
      const body = await load();
      return async function (flags, ...args) {
        if (flags.directory !== undefined) process.chdir(flags.directory);
        const session = new Session(flags, this.streams, this.argv);
        this.session = session;
        this.process.exitCode = await body(session, flags, ...args);
      };
    },
    parameters,
    docs: { brief, ...(text === undefined ? {} : { fullDescription: text }) },
  });
}

/** A flag that is either there or not. */
export const switchedOn = { kind: "boolean", optional: true, withNegated: false } as const;

/**
 * The flags that every command has. Each command lists them, since the parser has no global flags.
 */
export const commonFlags = {
  dataDir: {
    kind: "parsed",
    parse: String,
    optional: true,
    placeholder: "dir|url",
    brief: "Where the artifacts are [$PERSISTABLE_DATA_DIR, else persistable-data]",
  },
  directory: { kind: "parsed", parse: String, optional: true, placeholder: "dir", brief: "Work in this folder" },
  json: { kind: "boolean", optional: true, withNegated: false, brief: "Print JSON, errors included" },
  color: { kind: "enum", values: ["auto", "always", "never"], optional: true, brief: "Colours; NO_COLOR is obeyed" },
  quiet: { kind: "boolean", optional: true, withNegated: false, brief: "Print data and errors alone" },
  verbose: { kind: "boolean", optional: true, withNegated: false, brief: "Print more" },
  trace: { kind: "boolean", optional: true, withNegated: false, brief: "Print the whole stack of an error" },
} as const;

export const commonAliases = { C: "directory", q: "quiet", v: "verbose" } as const;

/** A positional argument, or a flag, that is taken as it is. */
export function textOf(placeholder: string, brief: string): TextParameter {
  return { parse: String, placeholder, brief };
}

interface TextParameter {
  readonly parse: (input: string) => string;
  readonly placeholder: string;
  readonly brief: string;
}

/** Returns a parser for a flag that is a whole number, at least `least`. */
export function wholeFrom(least: number): (input: string) => number {
  return (input) => {
    const value = Number(input);
    if (input.trim() === "" || !Number.isSafeInteger(value) || value < least)
      throw new Error(`${JSON.stringify(input)} is not a whole number from ${least} on.`);
    return value;
  };
}
