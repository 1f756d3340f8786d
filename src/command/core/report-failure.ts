import { relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isError, messageOf } from "../../errors/error-kind.ts";
import { PersistableError } from "../../errors/persistable-error.ts";
import { InvalidParamsError } from "../../errors/persistable-errors.ts";
import { RunFailedError } from "../../errors/pipeline-errors.ts";
import { visibleText } from "../../errors/visible-text.ts";
import { ownFolder } from "../../util/peers/own-folder.ts";
import { CommandError, ExitCode } from "./command-error.ts";
import { Interruption } from "./interruption.ts";
import { encodeJson } from "./json-output.ts";
import type { Session } from "./session.ts";

/** Reports a failure on standard error, in a few lines or as JSON, and returns the exit code. */
export function reportFailure(problem: unknown, { flags, streams, isJson }: Session): number {
  if (problem instanceof Interruption) return problem.exit;
  const exit = exitCodeOf(problem);
  const message = messageOf(problem);
  const hint = problem instanceof CommandError ? problem.hint : undefined;
  const frames = flags.trace === true ? stackOf(problem) : isUserError(problem) ? userFrames(problem) : [];
  if (isJson) {
    const stack = frames.length === 0 ? undefined : frames;
    streams.stderr.write(
      `${encodeJson({ persistable: 1, kind: "error", code: codeOf(problem), message, hint, exit, stack })}\n`,
    );
    return exit;
  }
  const lines = [
    `persistable: ${message}`,
    ...(hint === undefined ? [] : [hint]),
    ...frames.map((frame) => `    ${frame}`),
  ];
  streams.stderr.write(`${visibleText(lines.join("\n"))}\n`);
  return exit;
}

/** The error codes of the library that have an exit code other than `failed`. */
const EXIT_CODES: Readonly<Record<string, ExitCode>> = {
  PERSISTABLE_UNRESOLVED_ARTIFACT: ExitCode.usage,
  PERSISTABLE_INVALID_ADDRESS: ExitCode.usage,
  PERSISTABLE_INVALID_PARAMS: ExitCode.usage,
  PERSISTABLE_INVALID_SWEEP: ExitCode.usage,
  PERSISTABLE_INVALID_RUN_OPTIONS: ExitCode.usage,
  PERSISTABLE_INVALID_QUERY: ExitCode.usage,
  PERSISTABLE_DEFINITION: ExitCode.usage,
  PERSISTABLE_UNKNOWN_STORE: ExitCode.usage,
  PERSISTABLE_CORRUPT_ARTIFACT: ExitCode.damaged,
  PERSISTABLE_INVALID_ARCHIVE: ExitCode.damaged,
  PERSISTABLE_ARTIFACT_IN_FLIGHT: ExitCode.inFlight,
};

function exitCodeOf(problem: unknown): ExitCode {
  if (problem instanceof CommandError) return problem.exit;
  if (problem instanceof RunFailedError) return problem.result.generated > 0 ? ExitCode.partly : ExitCode.failed;
  return problem instanceof PersistableError ? (EXIT_CODES[problem.code] ?? ExitCode.failed) : ExitCode.failed;
}

function codeOf(problem: unknown): string {
  if (problem instanceof CommandError || problem instanceof PersistableError) return problem.code;
  return "PERSISTABLE_USER_CODE";
}

/** Whether the user's own code threw the error: the report then shows where in that code. */
function isUserError(problem: unknown): boolean {
  if (problem instanceof RunFailedError) return true;
  return !(
    problem instanceof CommandError ||
    problem instanceof InvalidParamsError ||
    problem instanceof PersistableError
  );
}

function stackOf(problem: unknown): readonly string[] {
  if (!isError(problem)) return [];
  const own = framesIn(problem.stack);
  const cause = problem.cause === undefined ? [] : [`caused by ${messageOf(problem.cause)}`, ...stackOf(problem.cause)];
  return [...own, ...cause];
}

/** The frames of the user's files alone, with paths as the user would write them. */
function userFrames(problem: unknown): readonly string[] {
  const failed = problem instanceof RunFailedError ? problem.result.failures[0]?.described.stack : undefined;
  const stack = failed ?? (isError(problem) ? problem.stack : undefined);
  // With source maps, a stack names the files of `src`, even if they are not installed.
  const library = ["dist", "src"].flatMap((part) => {
    const folder = `${ownFolder()}/${part}/`;
    return [folder, pathToFileURL(folder).href];
  });
  return framesIn(
    stack,
    (line) => !/\bnode:|[/\\]node_modules[/\\]/.test(line) && !library.some((folder) => line.includes(folder)),
  ).slice(0, MOST_FRAMES);
}

const MOST_FRAMES = 5;

/**
 * Returns the frames that `isWanted` accepts. It gets whole paths, which are shortened afterwards.
 */
function framesIn(stack: string | undefined, isWanted: (line: string) => boolean = () => true): readonly string[] {
  const lines = (stack ?? "").split("\n").filter((line) => /^\s+at /.test(line) && isWanted(line));
  return lines.map((line) => line.trim().replace(/file:\/\/[^\s)]+|(?<=[(\s])\/[^\s)]+/, shortPlace));
}

/** `pipeline.ts:17:38` for `file:///home/me/study/pipeline.ts?x=1:17:38`. */
function shortPlace(place: string): string {
  const [, file = place, position = ""] = place.match(/^(.*?)((?::\d+){0,2})$/) ?? [];
  const path = file.startsWith("file:") ? fileURLToPath(file.replace(/\?.*$/, "")) : file;
  const short = relative(process.cwd(), path);
  return `${short.startsWith("..") ? path : short}${position}`;
}
