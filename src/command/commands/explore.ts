import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseQuery } from "../../catalog/query/parse-query.ts";
import { formatQuery } from "../../catalog/query/query.ts";
import { exportExplorer } from "../../explorer/export-explorer.ts";
import { MIN_TOKEN_LENGTH, newAccessToken } from "../../explorer/http/access-token.ts";
import { TEMPLATE_FILE } from "../../explorer/http/page-files.ts";
import { type Explorer, startExplorer } from "../../explorer/start-explorer.ts";
import { ownFolder } from "../../util/peers/own-folder.ts";
import { CommandError, ExitCode } from "../core/command-error.ts";
import { interruptible } from "../core/interruption.ts";
import { dataDirOf } from "../core/open-argument.ts";
import { hasDesktop, openBrowser } from "../core/open-browser.ts";
import type { CommonFlags, Session } from "../core/session.ts";

interface ExploreFlags extends CommonFlags {
  readonly port?: number | undefined;
  readonly host?: string | undefined;
  readonly token?: string | undefined;
  readonly open?: boolean | undefined;
  readonly export?: string | undefined;
}

/** The built page. */
function pageFolder(): string {
  return join(ownFolder(), "dist/explorer");
}

export async function explore(session: Session, flags: ExploreFlags, ...terms: readonly string[]): Promise<number> {
  checkFlags(flags);
  const query = formatQuery(parseQuery(terms));
  if (flags.export !== undefined) return exportPage(session, flags.export, query);
  await interruptible(async (signal) => {
    const explorer = await start(session, flags, query);
    try {
      announce(session, flags, explorer);
      if (!signal.aborted) await once(signal, "abort");
    } finally {
      await explorer.close();
    }
  });
  return ExitCode.done;
}

/** Writes the page into one file, which says how much of the data directory is in it. */
async function exportPage(session: Session, file: string, query: string): Promise<number> {
  const dataDir = dataDirOf(session);
  const template = await readFile(join(pageFolder(), TEMPLATE_FILE), "utf8").catch(() => {
    throw new CommandError("The page is not built.", { hint: "Run `npm run build` in the folder of persistable-ts." });
  });
  const { html, counts } = await interruptible((signal) =>
    exportExplorer({ dataDir, shownAs: dataDir, query, template, signal }),
  );
  await writeFile(file, html);
  const { artifacts, pages, runs } = counts;
  if (session.isJson) session.json("explore", { file, dataDir, counts });
  else session.line(file);
  const part = ({ exported, total }: { exported: number; total: number }): string =>
    `${exported.toLocaleString("en")} of ${total.toLocaleString("en")}`;
  session.note(
    `${part(artifacts)} artifacts exported, ${part(pages)} of them with their page, and ${part(runs)} runs. ` +
      "A reader of the file can see all of that.",
  );
  return ExitCode.done;
}

function checkFlags({ host, token, port, export: file }: ExploreFlags): void {
  if (file !== undefined && (host !== undefined || token !== undefined || port !== undefined))
    throw new CommandError("With --export there is no server: --host, --port and --token mean nothing.", {
      hint: `persistable explore --export ${file}`,
    });
  if (host !== undefined && token === undefined)
    throw new CommandError("With --host, other machines can open the explorer: it needs a token that you choose.", {
      hint: `Add --token with at least ${MIN_TOKEN_LENGTH} characters, for instance from \`openssl rand -hex 24\`.`,
    });
  if (token !== undefined && token.length < MIN_TOKEN_LENGTH)
    throw new CommandError(`The token has ${token.length} characters, which can be guessed.`, {
      hint: `Give at least ${MIN_TOKEN_LENGTH} characters.`,
    });
}

async function start(session: Session, { port = 0, host, token }: ExploreFlags, query: string): Promise<Explorer> {
  try {
    return await startExplorer({
      dataDir: dataDirOf(session),
      shownAs: dataDirOf(session),
      startQuery: query,
      token: token ?? newAccessToken(),
      port,
      host,
      pageFolder: pageFolder(),
    });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EADDRINUSE" || code === "EACCES")
      throw new CommandError(`Port ${port} ${code === "EACCES" ? "needs more rights" : "is in use"}.`, {
        hint: "Give another --port; without one, a free port is found.",
      });
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
      throw new CommandError(`${host} is not an address of this machine.`, { hint: "--host 0.0.0.0 is all of them." });
    throw error;
  }
}

function announce(session: Session, flags: ExploreFlags, explorer: Explorer): void {
  if (session.isJson) session.json("explore", { url: explorer.url, dataDir: dataDirOf(session) });
  else session.line(explorer.url);
  if (!explorer.hasPage)
    session.note("The page is not built: run `npm run build` in the folder of persistable-ts, and start this again.");
  if (flags.host !== undefined) session.note("Other machines that know this address can read everything in it.");
  session.note("The address has a secret token. Ctrl-C ends the explorer.");
  const { env, stdout } = session.streams;
  const isWanted = flags.open ?? (stdout.isTTY === true && hasDesktop(env, process.platform));
  if (isWanted && explorer.hasPage && !session.isJson) openBrowser(explorer.newPassUrl());
}
