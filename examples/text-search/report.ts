import { styleText } from "node:util";
import type { ArtifactRecord, PersistableEvent } from "persistable-ts";
import type { Answers } from "./search.ts";

/** The part of a persistable that the report uses. */
interface Reported {
  readonly name: string;
  record(): Promise<ArtifactRecord | undefined>;
}

export interface Report {
  /** Give it to the persistables: prints a line for everything that was loaded or generated. */
  readonly onEvent: (event: PersistableEvent) => void;
  /** Prints how long it all took, and what loading has saved. */
  finish(persistables: readonly Reported[]): Promise<void>;
  printAnswers(answers: Answers): void;
}

/**
 * Tells people what happens; on a terminal in color, and with a line that says what is going on
 * right now.
 */
export function createReport(output: NodeJS.WriteStream): Report {
  const startedMs = performance.now();
  const isTerminal = output.isTTY === true;
  const isColored = isTerminal && output.hasColors();
  const width = isTerminal ? Math.min(output.columns || 80, 120) : 100;
  const style = (format: Style, text: string): string => (isColored ? styleText(format, text) : text);
  const print = (line: string): void =>
    void output.write(`${isTerminal ? CLEAR_LINE : ""}${INDENT}${line.trimEnd()}\n`);
  const printNow = (line: string): void => {
    if (isTerminal) output.write(`${CLEAR_LINE}${INDENT}${style("dim", truncate(line, width - INDENT.length))}`);
  };
  const spentMs = new Map<string, { readonly loadMs?: number; readonly generateMs?: number }>();
  const reasons = new Map<string, string>();

  return {
    onEvent(event) {
      const name = event.name.padEnd(NAME_WIDTH);
      if (event.type === "started") printNow(`${name}generating …`);
      else if (event.type === "waiting") printNow(`${name}waiting for ${event.owner} …`);
      else if (event.type === "miss") reasons.set(event.name, event.kind === "never-generated" ? "" : event.reason);
      else if (event.type === "corrupt") print(`${name}${style("red", "damaged")}  ${event.file}: ${event.problem}`);
      else if (event.type === "generated") spentMs.set(event.name, { generateMs: event.durationMs });
      else if (event.type === "hit") {
        spentMs.set(event.name, { loadMs: event.durationMs });
        print(`${name}${style("green", "loaded   ")} ${describeMs(event.durationMs)}`);
      } else if (event.type === "persisted") {
        const took = describeMs(spentMs.get(event.name)?.generateMs ?? 0);
        const written = `${describeBytes(event.sizeBytes)} written in ${describeMs(event.durationMs).trimStart()}`;
        print(`${name}${style("yellow", "generated")} ${took}   ${style("dim", written)}`);
        const reason = shortenReason(reasons.get(event.name) ?? "", width - INDENT.length - NAME_WIDTH);
        if (reason !== "") print(" ".repeat(NAME_WIDTH) + style("dim", reason));
      }
    },

    async finish(persistables) {
      const totalMs = performance.now() - startedMs;
      const unneeded = persistables.filter(({ name }) => !spentMs.has(name)).map(({ name }) => name);
      if (unneeded.length > 0) print(style("dim", `${unneeded.join(", ")}: not needed, not read`));
      let savedMs = 0;
      for (const persistable of persistables) {
        const { generateMs, loadMs = 0 } = spentMs.get(persistable.name) ?? {};
        if (generateMs !== undefined) continue;
        const record = await persistable.record();
        savedMs += (record?.provenance.durationMs ?? 0) - loadMs;
      }
      const saved = savedMs > 0 ? style("green", `   saved ${describeMs(savedMs).trimStart()}`) : "";
      print(`${style("bold", `${"in all".padEnd(NAME_WIDTH + 10)}${describeMs(totalMs)}`)}${saved}`);
    },

    printAnswers(answers) {
      for (const [question, results] of Object.entries(answers)) {
        output.write(`\n${INDENT}${style("bold", question)}\n`);
        for (const { licenses, score, snippet } of results) {
          output.write(`\n${INDENT}${style("cyan", licenses)} ${style("dim", score.toFixed(3))}\n`);
          for (const line of wrap(snippet, Math.min(width, 100) - 2 * INDENT.length))
            output.write(`${INDENT}${line}\n`);
        }
      }
    },
  };
}

type Style = Parameters<typeof styleText>[0];

const CLEAR_LINE = "\r\u001b[K";
const INDENT = "   ";
const NAME_WIDTH = 12;

function describeMs(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1).padStart(5)} s `;
  return `${(ms >= 10 ? Math.round(ms).toString() : ms.toFixed(1)).padStart(5)} ms`;
}

function describeBytes(bytes: number): string {
  return bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e3).toFixed(1)} kB`;
}

function truncate(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/** Leaves out the nearest artifact, since a column of the report is narrow. */
function shortenReason(reason: string, length: number): string {
  return reason.length > length ? truncate(reason.replace(/ \([^)]*\)$/, ""), length) : reason;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return line === "" ? lines : [...lines, line];
}
