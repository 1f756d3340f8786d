import { isUtf8 } from "node:buffer";
import { writeFileSync } from "node:fs";
import { visibleText } from "../../errors/visible-text.ts";
import { CommandError, ExitCode } from "../core/command-error.ts";
import { encodeJson } from "../core/json-output.ts";
import { openArgument } from "../core/open-argument.ts";
import type { CommonFlags, Session } from "../core/session.ts";

interface CatFlags extends CommonFlags {
  readonly as?: "raw" | "json" | undefined;
  readonly output?: string | undefined;
  readonly file?: string | undefined;
}

export async function cat(session: Session, flags: CatFlags, text: string): Promise<number> {
  const artifact = await openArgument(session, text);
  const isJson = flags.as === "json" || session.isJson;
  const bytes = isJson
    ? Buffer.from(`${encodeJson(await artifact.payload())}\n`)
    : await artifact.bytes(flags.file === undefined ? {} : { file: flags.file });
  if (flags.output !== undefined) {
    writeFileSync(flags.output, bytes);
    session.note(`${flags.output} is written.`);
    return ExitCode.done;
  }
  const { stdout } = session.streams;
  if (stdout.isTTY !== true) stdout.write(bytes);
  else if (isUtf8(bytes)) stdout.write(visibleText(Buffer.from(bytes).toString("utf8")));
  else
    throw new CommandError(`The payload is not text: ${artifact.record.payload.format}.`, {
      hint: "Write it to a file with -o FILE, send it to a pipe, or print its value with --as json.",
    });
  return ExitCode.done;
}
