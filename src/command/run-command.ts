import { run } from "@stricli/core";
import { CommandError, ExitCode } from "./core/command-error.ts";
import { reportFailure } from "./core/report-failure.ts";
import { type CommandCall, type CommandStreams, type CommonFlags, Session } from "./core/session.ts";
import { buildCommandTree, commandNames } from "./tree/command-tree.ts";

/**
 * Runs one command and returns its exit code.
 *
 * @param argv - the arguments after the name of the command
 */
export async function runCommand(argv: readonly string[], streams: CommandStreams): Promise<number> {
  const inputs = moveCommonFlags(argv);
  if (inputs[0] === undefined || (inputs.length === 1 && ["--help", "-h", "help"].includes(inputs[0]))) {
    const { topPage } = await import("./tree/top-page.ts");
    streams.stdout.write(topPage);
    return ExitCode.done;
  }
  if (inputs[0] === "__complete") {
    const { complete } = await import("./complete.ts");
    await complete(inputs.slice(inputs[1] === "--" ? 2 : 1), streams);
    return ExitCode.done;
  }
  const [inner = ""] = inputs;
  if (inner === "__generate" || inner === "__host" || inner === "__embedded-worker") {
    const { generate, holdHost, serveHost } = await import("./commands/worker.ts");
    await (inner === "__generate" ? generate() : inner === "__host" ? holdHost() : serveHost());
    return ExitCode.done;
  }
  let problem: unknown;
  const tree = buildCommandTree((failure) => {
    problem ??= failure;
  });
  const silent = { write: () => {} };
  const call: CommandCall = {
    process: { stdout: { write: (text) => void streams.stdout.write(text) }, stderr: silent, env: {} },
    streams,
    argv,
  };
  const [first, topic = ""] = inputs;
  await run(tree, first === "help" && commandNames.includes(topic) ? [topic, "--help"] : inputs, call);
  if (problem === undefined) return Number(call.process.exitCode ?? ExitCode.done);
  return reportFailure(problem, call.session ?? new Session(flagsIn(argv), streams, argv));
}

/** Finds the flags that a failure of the parser needs, in arguments that were not parsed. */
function flagsIn(argv: readonly string[]): CommonFlags {
  const end = argv.indexOf("--");
  const flags = end === -1 ? argv : argv.slice(0, end);
  return { json: flags.includes("--json"), trace: flags.includes("--trace") };
}

const WITH_VALUE = new Set(["--data-dir", "--directory", "-C", "--color"]);
const WITHOUT_VALUE = new Set(["--json", "--quiet", "-q", "--verbose", "-v", "--trace"]);

/** The parser takes flags after the command; people write the common ones before it too. */
function moveCommonFlags(argv: readonly string[]): readonly string[] {
  let count = 0;
  for (let flag = argv[count]; flag !== undefined; flag = argv[count]) {
    if (WITHOUT_VALUE.has(flag) || [...WITH_VALUE].some((name) => flag.startsWith(`${name}=`))) count += 1;
    else if (WITH_VALUE.has(flag)) count += 2;
    else break;
  }
  const [command, ...rest] = argv.slice(count);
  if (command === undefined && count > 0)
    throw new CommandError("There are flags, and no command.", { hint: "persistable --help lists the commands." });
  return command === undefined ? argv : [command, ...argv.slice(0, count), ...rest];
}
