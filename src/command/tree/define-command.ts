import {
  type Aliases,
  type BaseArgs,
  buildCommand,
  type Command,
  type FlagParametersForType,
  type TypedPositionalParameters,
} from "@stricli/core";
import { type CommandCall, type CommonFlags, Session } from "../core/session.ts";

/** The function of a command, which returns the exit code. */
type CommandBody<Flags extends CommonFlags, Args extends BaseArgs> = (
  session: Session,
  flags: Flags,
  ...args: Args
) => Promise<number>;

/** The flags that only this command has. */
type OwnFlags<Flags> = Omit<Flags, keyof CommonFlags>;

interface CommandDescription<Flags extends CommonFlags, Args extends BaseArgs> {
  readonly load: () => Promise<CommandBody<Flags, Args>>;
  readonly flags?: NoInfer<FlagParametersForType<OwnFlags<Flags>, CommandCall>>;
  readonly aliases?: Aliases<NoInfer<keyof OwnFlags<Flags> & string>>;
  readonly positional?: NoInfer<TypedPositionalParameters<Args, CommandCall>>;
  readonly brief: string;
  /** Examples, which the help page shows below the usage. */
  readonly text?: string;
}

/**
 * Defines a command whose code is loaded when it is run. It has the common flags besides its own,
 * since the parser has no global ones, and its session is made when they are known.
 */
export function defineCommand<Flags extends CommonFlags, Args extends BaseArgs>({
  load,
  flags: own,
  aliases,
  positional,
  brief,
  text,
}: CommandDescription<Flags, Args>): Command<CommandCall> {
  const parameters: unknown = {
    flags: { ...own, ...commonFlags },
    aliases: { ...aliases, ...commonAliases },
    ...(positional === undefined ? {} : { positional }),
  };
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
    parameters: parameters as Parameters<typeof buildCommand<Flags, Args, CommandCall>>[0]["parameters"],
    docs: { brief, ...(text === undefined ? {} : { fullDescription: text }) },
  });
}

/** A flag that is either there or not. */
export const switchedOn = { kind: "boolean", optional: true, withNegated: false } as const;

/** A flag with a value. */
interface ValuedFlag<Value> {
  readonly kind: "parsed";
  readonly parse: (input: string) => Value;
  readonly optional: true;
  readonly placeholder: string;
  readonly brief: string;
}

export function valued<Value>(placeholder: string, brief: string, parse: (input: string) => Value): ValuedFlag<Value> {
  return { kind: "parsed", parse, optional: true, placeholder, brief };
}

/** A flag with a text as its value. */
export function worded(placeholder: string, brief: string): ValuedFlag<string> {
  return valued(placeholder, brief, String);
}

/** A flag with a whole number as its value, at least `least`. */
export function counted(least: number, placeholder: string, brief: string): ValuedFlag<number> {
  return valued(placeholder, brief, (input) => {
    const value = Number(input);
    if (input.trim() === "" || !Number.isSafeInteger(value) || value < least)
      throw new Error(`${JSON.stringify(input)} is not a whole number from ${least} on.`);
    return value;
  });
}

const commonFlags = {
  dataDir: worded("dir|url", "Where the artifacts are [$PERSISTABLE_DATA_DIR, else persistable-data]"),
  directory: worded("dir", "Work in this folder"),
  json: { ...switchedOn, brief: "Print JSON, errors included" },
  color: { kind: "enum", values: ["auto", "always", "never"], optional: true, brief: "Colours; NO_COLOR is obeyed" },
  quiet: { ...switchedOn, brief: "Print data and errors alone" },
  verbose: { ...switchedOn, brief: "Print more" },
  trace: { ...switchedOn, brief: "Print the whole stack of an error" },
} as const;

const commonAliases = { C: "directory", q: "quiet", v: "verbose" } as const;

/** An argument that is taken as it is. */
interface TextParameter {
  readonly parse: (input: string) => string;
  readonly placeholder: string;
  readonly brief: string;
}

export function textOf(placeholder: string, brief: string): TextParameter {
  return { parse: String, placeholder, brief };
}

/** The arguments of a command that takes these, in this order. */
export function tuple<const Parameters extends readonly TextParameter[]>(
  ...parameters: Parameters
): { readonly kind: "tuple"; readonly parameters: Parameters } {
  return { kind: "tuple", parameters };
}

/** The arguments of a command that takes any number of them. */
export function each(parameter: TextParameter): { readonly kind: "array"; readonly parameter: TextParameter } {
  return { kind: "array", parameter };
}
