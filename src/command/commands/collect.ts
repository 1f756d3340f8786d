import { collect as collectTable } from "../../pipeline/collect/collect.ts";
import { fieldsOf } from "../../util/fields-of.ts";
import { CommandError, ExitCode } from "../core/command-error.ts";
import { withProgress } from "../core/progress.ts";
import type { CommonFlags, Session } from "../core/session.ts";
import { didYouMean } from "../core/suggest.ts";
import { findModule, loadModule } from "../module/load-module.ts";
import { resolveTargets, type TargetFlags } from "../targets/resolve-targets.ts";
import { shownValue } from "../text/flat-params.ts";
import { printTableFile, type TableFileFlags } from "../text/table-files.ts";
import { tableLines } from "../text/table-lines.ts";

interface CollectFlags extends CommonFlags, TargetFlags, TableFileFlags {
  readonly metrics?: string | undefined;
}

/** A terminal shows these columns; `--csv`, `--arrow` and `--json` have all of them. */
const SHOWN = /^(?!artifact\.|provenance\.|cost\.)|^artifact\.state$/;

export async function collect(session: Session, flags: CollectFlags, ...args: readonly string[]): Promise<number> {
  const resolved = await resolveTargets(session, args, flags);
  if (resolved.kind === "handed-over") return resolved.exit;
  const metrics = flags.metrics === undefined ? undefined : await metricsOf(args[0] ?? "", flags.metrics);
  const { columns, rows } = await withProgress(session, "collecting", () =>
    collectTable(resolved.targets, { metrics }),
  );
  if (session.isJson) session.json("table", { columns, rows: rows.map((row) => ({ ...row })) });
  else if (!(await printTableFile(session, flags, columns, rows))) {
    const shown = columns.filter((column) => SHOWN.test(column));
    const lines = rows.map((row) => shown.map((column) => shownValue(fieldsOf(row)[column])));
    session.lines(await tableLines(shown, lines));
  }
  return ExitCode.done;
}

type Metrics = (payload: unknown) => object | Promise<object>;

/** The function of the module that computes further columns from a payload. */
async function metricsOf(moduleText: string, name: string): Promise<Metrics> {
  const exports = await loadModule(findModule(moduleText));
  const found = exports[name];
  if (isMetrics(found)) return found;
  const functions = Object.keys(exports).filter((key) => isMetrics(exports[key]));
  throw new CommandError(`${moduleText} has no function ${name}.${didYouMean(name, functions)}`, {
    hint: "Export a function that takes a payload, and returns an object with a field for each column.",
  });
}

function isMetrics(value: unknown): value is Metrics {
  return typeof value === "function" && !("payloadName" in value);
}
