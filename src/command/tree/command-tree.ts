import {
  type Application,
  ArgumentScannerError,
  buildApplication,
  buildRouteMap,
  formatMessageForArgumentScannerError,
  text_en,
} from "@stricli/core";
import { CommandError } from "../core/command-error.ts";
import type { CommandCall } from "../core/session.ts";
import { artifactCommands } from "./artifact-commands.ts";
import { housekeepingCommands } from "./housekeeping-commands.ts";
import { otherCommands } from "./other-commands.ts";
import { pipelineCommands } from "./pipeline-commands.ts";

const routes = { ...pipelineCommands, ...artifactCommands, ...housekeepingCommands, ...otherCommands };

export const commandNames: readonly string[] = Object.keys(routes);

/**
 * Builds the tree of all commands. Only what the parser needs is loaded here: the code of a command
 * is loaded when the command is run.
 *
 * @param onFailure - gets the error if a command cannot be run, or fails
 */
export function buildCommandTree(onFailure: (failure: unknown) => void): Application<CommandCall> {
  const note = (failure: unknown): string => {
    onFailure(failure);
    return "";
  };
  const root = buildRouteMap({
    routes,
    docs: { brief: "Find, explain, compare, run and clean up persisted artifacts" },
  });
  return buildApplication<CommandCall>(root, {
    name: "persistable",
    scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true },
    documentation: { caseStyle: "convert-camel-to-kebab", useAliasInUsageLine: true, onlyRequiredInUsageLine: true },
    localization: {
      text: {
        ...text_en,
        noCommandRegisteredForInput: ({ input, corrections }) => note(unknownCommand(input, corrections)),
        exceptionWhileParsingArguments: (problem) => note(parserProblem(problem)),
        exceptionWhileLoadingCommandFunction: note,
        exceptionWhileLoadingCommandContext: note,
        exceptionWhileRunningCommand: note,
      },
    },
  });
}

function unknownCommand(input: string, corrections: readonly string[]): CommandError {
  const meant =
    corrections.length === 0
      ? ""
      : ` Did you mean ${corrections.map((name) => name.replaceAll("`", "")).join(" or ")}?`;
  return new CommandError(`There is no command ${input}.${meant}`, { hint: "persistable --help lists the commands." });
}

function parserProblem(problem: unknown): unknown {
  if (!(problem instanceof ArgumentScannerError)) return problem;
  const message = formatMessageForArgumentScannerError(problem, {
    FlagNotFoundError: ({ input, corrections }) =>
      `There is no flag --${input}.${corrections.length === 0 ? "" : ` Did you mean ${corrections.map((name) => `--${name.replace(/^-+/, "")}`).join(" or ")}?`}`,
    AliasNotFoundError: ({ input }) => `There is no flag -${input}.`,
    ArgumentParseError: ({ externalFlagNameOrPlaceholder: place, input, exception }) =>
      exception instanceof Error
        ? `${place}: ${exception.message}`
        : `${place}: ${JSON.stringify(input)} was not understood.`,
    UnsatisfiedPositionalError: ({ placeholder }) => `The argument ${placeholder.toUpperCase()} is missing.`,
    UnexpectedPositionalError: ({ input }) => `There is one argument too many: ${JSON.stringify(input)}.`,
  });
  return new CommandError(message, { hint: "--help after the command explains its arguments." });
}
