import { readFileSync } from "node:fs";
import type { Transcript } from "./run-in-process.ts";

/** The pages whose transcripts are executed. */
export const pages = ["command-line.md", "tutorial.md"];

export interface Step {
  readonly command: string;
  readonly shown: string;
}

/** The commands of a page with what it shows below each. */
export function stepsOf(page: string): readonly Step[] {
  const text = readFileSync(new URL(`../../docs/${page}`, import.meta.url), "utf8");
  return [...text.matchAll(/^```console\n([\s\S]*?)^```$/gm)].flatMap(([, block = ""]): Step[] =>
    block
      .split(/^\$ persistable /m)
      .slice(1)
      .map((step) => {
        const end = step.indexOf("\n");
        return { command: step.slice(0, end), shown: step.slice(end + 1) };
      }),
  );
}

/** Leaves out what differs each time, and the order of what is equally old. */
export function steady(text: string): string {
  return text
    .replace(/file:\S+\/(?=persistable-data)/g, "file:///…/")
    .replace(/\d{8}T\d{9}-[0-9a-f]{6}/g, "RUN")
    .replace(/on \S+ by process \d+/g, "on HOST by process 1")
    .replace(/^(?:ok|note) +(node|persistable-ts|this folder|TypeScript) .*$/gm, "ok  $1")
    .replace(/[0-9a-f]{8} is made from it/g, "ADDRESS is made from it")
    .replace(/\d+ (seconds?|minutes?) old/g, "AGE old")
    .replace(/\d+(\.\d+)? (B|kB)\b/g, "SIZE")
    .replace(/just now|\d+ (seconds?|minutes?) ago/g, "just now")
    .replace(/\d+(\.\d+)? m?s\b/g, "0 ms")
    .replace(/^Expected: \d.*$/gm, "Expected: 0 ms")
    .replace(/ {2,}/g, "  ")
    .replace(/(?:^ {2}[a-z]+ [0-9a-f]{8} .*\n)+/gm, (lines) => `${lines.trimEnd().split("\n").sort().join("\n")}\n`);
}

/** Chooses the lines to show. A command that failed, or printed nothing, shows its errors, too. */
export function told({ exit, out, err }: Transcript): string {
  const lines = out === "" || exit !== 0 ? `${out}${err}` : out;
  return exit === 0 ? lines : `${lines}(exit ${exit})\n`;
}
