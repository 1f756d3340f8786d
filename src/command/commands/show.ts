import { fileURLToPath } from "node:url";
import { describeAgeOf } from "../../artifact/explain/describe-record.ts";
import { describeValue } from "../../artifact/explain/miss.ts";
import { payloadPath } from "../../artifact/layout/artifact-paths.ts";
import { readRecordBytes } from "../../artifact/layout/read-record-bytes.ts";
import { recordPath } from "../../artifact/layout/record-path.ts";
import { visibleLine, visibleText } from "../../errors/visible-text.ts";
import type { Preview } from "../../format/preview.ts";
import { previewLines } from "../../inspect/preview-lines.ts";
import { payloadBytesOf } from "../../record/payload-bytes.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import { openStore } from "../../store/open/open-store.ts";
import { describeCost, describeDuration } from "../../util/describe.ts";
import { describeAddress } from "../../util/describe-address.ts";
import { describeBytes } from "../../util/describe-bytes.ts";
import { ExitCode } from "../core/command-error.ts";
import { dataDirOf, openArgument } from "../core/open-argument.ts";
import type { CommonFlags, Session } from "../core/session.ts";
import { artifactJson } from "../text/artifact-json.ts";
import { flatParams } from "../text/flat-params.ts";
import { lastUseOf } from "../text/last-use.ts";
import { tableLines } from "../text/table-lines.ts";

interface ShowFlags extends CommonFlags {
  readonly record?: boolean | undefined;
  readonly path?: boolean | undefined;
}

export async function show(session: Session, flags: ShowFlags, text: string): Promise<number> {
  const artifact = await openArgument(session, text);
  const { record } = artifact;
  if (flags.record === true) return printRecord(session, record);
  if (flags.path === true) return printPath(session, record);
  const preview = await artifact.preview({ maxRows: 8, maxChildren: 12, maxLines: 12 });
  const { createdAt } = record.provenance;
  const usedAt = lastUseOf(openStore(dataDirOf(session)), { ...record, createdAt });
  if (session.isJson)
    session.json("artifact", { ...artifactJson(record), usedAt, provenance: record.provenance, preview });
  else {
    session.lines([session.paint("bold", visibleLine(`${record.name} ${record.address}`))]);
    for (const [label, value] of factsOf(record, usedAt)) session.line(`  ${label.padEnd(12)}${value}`);
    session.line();
    for (const line of await linesOf(preview)) session.line(`  ${line}`);
  }
  return ExitCode.done;
}

async function printRecord(session: Session, { name, address }: ArtifactRecord): Promise<number> {
  const bytes = await readRecordBytes(openStore(dataDirOf(session)), recordPath(name, address));
  session.streams.stdout.write(visibleText(Buffer.from(bytes ?? []).toString("utf8")));
  return ExitCode.done;
}

/** Prints a path if the store is a folder, and the URL of the object otherwise. */
async function printPath(session: Session, { name, address, payload }: ArtifactRecord): Promise<number> {
  const { url } = openStore(dataDirOf(session));
  const path = payload.file === undefined ? recordPath(name, address) : payloadPath(name, payload.file);
  const folder = url.startsWith("file:") ? fileURLToPath(url) : url;
  const whole = `${folder.replace(/[/\\]$/, "")}/${path}`;
  if (session.isJson) session.json("path", { path: whole });
  else session.line(whole);
  return ExitCode.done;
}

async function linesOf(preview: Preview): Promise<readonly string[]> {
  if (preview.kind !== "table") return previewLines(preview);
  const { columns, rows, rowCount, columnCount } = preview;
  return [
    `table of ${rowCount ?? `more than ${rows.length}`} rows and ${columnCount} columns`,
    ...(await tableLines(
      columns.map(({ name }) => name),
      rows.map((row) => row.map((cell) => cell ?? "")),
    )),
  ];
}

function factsOf(
  record: ArtifactRecord,
  usedAt: string | undefined,
): readonly (readonly [label: string, value: string])[] {
  const { provenance, payload, dependencies, summary, version, draw } = record;
  const { createdAt, durationMs, cost, host, git, node, script } = provenance;
  const facts: (readonly [string, string | undefined])[] = [
    [
      "params",
      flatParams(record.params)
        .map(([path, value]) => `${path} ${describeValue(value)}`)
        .join("  "),
    ],
    ["version", version === undefined ? undefined : String(version)],
    ["draw", draw === undefined ? undefined : String(draw)],
    ["made", `${describeAgeOf(createdAt)} (${createdAt})`],
    ["used", usedAt === undefined ? undefined : describeAgeOf(usedAt)],
    ["took", durationMs === undefined ? undefined : describeDuration(durationMs)],
    ["cost", cost === undefined ? undefined : describeCost(Object.entries(cost))],
    ["payload", `${describeBytes(payloadBytesOf(payload))} ${payload.format} ${payload.digest.slice(0, 15)}…`],
    [
      "summary",
      summary === undefined
        ? undefined
        : Object.entries(summary)
            .map(([key, value]) => `${key} ${describeValue(value)}`)
            .join("  "),
    ],
    [
      "made from",
      Object.entries(dependencies)
        .map(([role, { name, address }]) => `${role === name ? "" : `${role}: `}${name} ${describeAddress(address)}`)
        .join("  "),
    ],
    ["by", [script, node === undefined ? undefined : `node ${node}`, host].filter(Boolean).join(", ")],
    ["git", git === undefined ? undefined : `${git.commit.slice(0, 8)}${git.dirty ? " (dirty)" : ""}`],
  ];
  return facts.flatMap(([label, value]) => (value === undefined || value === "" ? [] : [[label, value]]));
}
