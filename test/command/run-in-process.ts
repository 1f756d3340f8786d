import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { runCommand } from "../../src/command/run-command.ts";

export const studyModule = fileURLToPath(new URL("study-module.mjs", import.meta.url));

/** The output of a command, and its exit code. */
export interface Transcript {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** The surroundings of a command. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs the command in this process: everything but the start of a process of its own. */
export async function persistable(
  argv: readonly string[],
  { isTTY = false, env = {} }: Terminal = {},
): Promise<Transcript> {
  const out: string[] = [];
  const err: string[] = [];
  const exit = await runCommand(argv, {
    stdout: { isTTY, columns: 100, write: (text) => out.push(textOf(text)) },
    stderr: { isTTY: false, columns: 100, write: (text) => err.push(textOf(text)) },
    env,
  });
  return { exit, out: out.join(""), err: err.join("") };
}

function textOf(text: string | Uint8Array): string {
  return typeof text === "string" ? text : Buffer.from(text).toString("utf8");
}

const schema = JSON.parse(readFileSync(new URL("../../spec/command-json.schema.json", import.meta.url), "utf8"));
const validate = new Ajv2020({
  allErrors: true,
  allowUnionTypes: true,
  strictTypes: false,
  strictRequired: false,
}).compile(schema);

/** Parses each line as JSON, and throws for one that is not what the published schema says. */
export function parseLines(text: string): readonly unknown[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => {
      const parsed: unknown = JSON.parse(line);
      if (!validate(parsed)) throw new Error(`${line}\n${JSON.stringify(validate.errors, undefined, 2)}`);
      return parsed;
    });
}
