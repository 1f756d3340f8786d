import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { installPackage } from "../support/install-package.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { parseLines } from "./run-in-process.ts";

interface Definition {
  readonly properties: { readonly kind?: { readonly const: string } };
}

const schema: { readonly oneOf: readonly { readonly $ref: string }[]; readonly $defs: Record<string, Definition> } =
  JSON.parse(readFileSync(new URL("../../spec/command-json.schema.json", import.meta.url), "utf8"));
/** The events of a run are the only lines without a kind. */
const published = schema.oneOf.map(
  ({ $ref }) => schema.$defs[$ref.replace("#/$defs/", "")]?.properties.kind?.const ?? "event",
);

test("a process prints every kind of line that the schema has, as the schema says", async () => {
  await using folder = await temporaryFolder();
  const command = await installPackage(folder.path);
  writeFileSync(folder.join("package.json"), '{ "type": "module" }');
  const useSource = (version: "before" | "after"): void =>
    copyFileSync(new URL(`source-${version}.mjs`, import.meta.url), folder.join("report.mjs"));
  const printed = new Set<string>();

  const { NO_COLOR: _no, FORCE_COLOR: _force, PERSISTABLE_DATA_DIR: _place, ...env } = process.env;
  /** Starts a command with --json, which stops at the signal of Ctrl-C if `react` sends it. */
  async function start(line: string, react?: (told: string, stop: () => void) => void): Promise<string> {
    const child = spawn(process.execPath, [command, ...line.split(" "), "--json"], { cwd: folder.path, env });
    const [out, err]: [string[], string[]] = [[], []];
    let isStopped = false;
    // A second signal would end the process before it has printed what it has to.
    const stop = (): void => {
      if (!isStopped) child.kill("SIGINT");
      isStopped = true;
    };
    const hear = (heard: string[]) => (text: string) => {
      heard.push(text);
      react?.(`${out.join("")}${err.join("")}`, stop);
    };
    child.stdout.setEncoding("utf8").on("data", hear(out));
    child.stderr.setEncoding("utf8").on("data", hear(err));
    await once(child, "close");
    const text = out.length > 0 ? out.join("") : err.join("");
    for (const parsed of parseLines(text)) {
      const { kind = "event" } = Object(parsed);
      printed.add(kind);
    }
    return text;
  }

  useSource("before");
  let isMade = false;
  await start("ls --watch", (told, stop) => {
    if (told.includes('"kind":"change"')) stop();
    if (isMade || !told.includes('"kind":"artifacts"')) return;
    isMade = true;
    void start("run report.mjs report");
  });
  const artifact = "changing_report@latest";
  const lines = [
    "plan report.mjs report",
    "why report.mjs report",
    `graph ${artifact}`,
    `show ${artifact} --path`,
    `diff ${artifact} ${artifact}`,
    "collect report.mjs report",
    "runs",
    "runs latest",
    "runs latest --events",
    "verify",
    "gc --older-than 90d",
    `tag ${artifact} paper`,
    "copy persistable-data copied",
    "ls n>",
    "init",
    "doctor",
  ];
  for (const line of lines) await start(line);
  const address = /[0-9a-f]{64}/.exec(await start(`show ${artifact}`))?.[0];
  useSource("after");
  await start(`accept report.mjs changing_report/${address}`);
  await start("rename changing_report new_report");
  await start("explore --no-open", (told, stop) => {
    if (told.includes("Ctrl-C ends the explorer")) stop();
  });
  expect([...printed].sort()).toEqual([...published].sort());
});
