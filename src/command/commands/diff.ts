import { describeValue } from "../../artifact/explain/miss.ts";
import { visibleLine } from "../../errors/visible-text.ts";
import { type ComparedRow, diffAll } from "../../pipeline/compare/diff-all.ts";
import { CommandError, ExitCode } from "../core/command-error.ts";
import { openArgument } from "../core/open-argument.ts";
import type { CommonFlags, Session } from "../core/session.ts";
import { tableLines } from "../text/table-lines.ts";

interface DiffFlags extends CommonFlags {
  readonly all?: boolean | undefined;
  readonly md?: boolean | undefined;
  readonly exitCode?: boolean | undefined;
}

/** These facts differ between any two artifacts, so they explain nothing. */
const BESIDE_THE_POINT = /^provenance\.(createdAt|durationMs|pid|seed)$/;

export async function diff(session: Session, flags: DiffFlags, ...texts: readonly string[]): Promise<number> {
  if (texts.length < 2) throw new CommandError("Name two artifacts or more.", { hint: "persistable help artifacts" });
  const artifacts = await Promise.all(texts.map((text) => openArgument(session, text)));
  const records = artifacts.map(({ record }) => record);
  const { rows } = diffAll(records);
  const differing = rows.filter(({ path, isSame }) => !(isSame || BESIDE_THE_POINT.test(path)));
  const shown = flags.all === true ? rows : differing;
  if (session.isJson)
    session.json("diff", { artifacts: records.map(({ name, address }) => ({ name, address })), rows: shown });
  else {
    const names = ["", ...records.map(({ address }) => address.slice(0, 8))];
    session.lines(flags.md === true ? markdownOf(names, shown) : await tableLines(names, shown.map(cellsOf)));
    if (shown.length < rows.length)
      session.note(`${rows.length - shown.length} more are the same, or differ always: --all`);
  }
  return differing.length > 0 && flags.exitCode === true ? ExitCode.different : ExitCode.done;
}

function cellsOf({ path, values }: ComparedRow): readonly string[] {
  const [base] = values;
  return [
    path.replace(/^params\./, ""),
    ...values.map((value, i) => {
      if (value === undefined) return "–";
      return i === 0 || path.startsWith("params.")
        ? describeValue(value)
        : `${describeValue(value)}${deltaOf(base, value)}`;
    }),
  ];
}

/** ` (-4%)` for a result that differs from that of the first artifact. */
function deltaOf(base: unknown, value: unknown): string {
  if (typeof base !== "number" || typeof value !== "number" || base === value) return "";
  const percent = Math.round((100 * (value - base)) / Math.abs(base));
  return Number.isFinite(percent) ? ` (${percent > 0 ? "+" : ""}${percent}%)` : "";
}

function markdownOf(names: readonly string[], rows: readonly ComparedRow[]): readonly string[] {
  const line = (cells: readonly string[]): string =>
    visibleLine(`| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`);
  return [line(names), line(names.map(() => "---")), ...rows.map((row) => line(cellsOf(row)))];
}
