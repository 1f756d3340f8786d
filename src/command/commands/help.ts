import { CommandError, ExitCode } from "../core/command-error.ts";
import type { CommonFlags, Session } from "../core/session.ts";
import { didYouMean } from "../core/suggest.ts";
import { topics } from "../text/help-topics.ts";

/** Explains a topic. The help of a command never gets here, since the parser prints it. */
export async function help(session: Session, _flags: CommonFlags, topic = ""): Promise<number> {
  const text = topics[topic];
  const known = Object.keys(topics);
  if (text === undefined)
    throw new CommandError(`There is no command and no topic ${topic}.${didYouMean(topic, known)}`, {
      hint: `Topics: ${known.join(", ")}. persistable --help lists the commands.`,
    });
  session.streams.stdout.write(text);
  return ExitCode.done;
}
