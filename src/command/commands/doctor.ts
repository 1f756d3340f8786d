import { release } from "node:os";
import { listNames } from "../../catalog/list-names.ts";
import { messageOf } from "../../errors/error-kind.ts";
import { openStore } from "../../store/open/open-store.ts";
import { collected } from "../../util/concurrency/collected.ts";
import { LIBRARY_VERSION } from "../../util/library-version.ts";
import { ownFolder } from "../../util/peers/own-folder.ts";
import { ExitCode } from "../core/command-error.ts";
import { dataDirOf } from "../core/open-argument.ts";
import type { CommonFlags, Session } from "../core/session.ts";
import { resolveFrom } from "../module/load-module.ts";

interface Finding {
  readonly what: string;
  readonly state: "ok" | "note" | "problem";
  readonly text: string;
}

export async function doctor(session: Session, _flags: CommonFlags): Promise<number> {
  const findings = [...ofLibrary(), await ofDataDir(session)];
  if (session.isJson) session.json("doctor", { findings });
  else {
    const width = Math.max(...findings.map(({ what }) => what.length));
    for (const { what, state, text } of findings) session.line(`${SIGNS[state]} ${what.padEnd(width)}  ${text}`);
  }
  return findings.some(({ state }) => state === "problem") ? ExitCode.failed : ExitCode.done;
}

const SIGNS = { ok: "ok     ", note: "note   ", problem: "problem" } as const;

function ofLibrary(): readonly Finding[] {
  const here = `${process.cwd()}/persistable.js`;
  const tsx = resolveFrom(here, "tsx/package.json");
  const local = resolveFrom(here, "persistable-ts/package.json");
  const isNative = Reflect.get(process.features, "typescript") !== undefined;
  return [
    { what: "node", state: "ok", text: `${process.versions.node} on ${process.platform} ${release()}` },
    { what: "persistable-ts", state: "ok", text: `${LIBRARY_VERSION} in ${ownFolder()}` },
    local === undefined
      ? { what: "this folder", state: "note", text: "does not find persistable-ts: npm install persistable-ts" }
      : { what: "this folder", state: "ok", text: `uses ${local}` },
    tsx !== undefined || isNative
      ? { what: "TypeScript", state: "ok", text: `modules are loaded by ${tsx === undefined ? "Node itself" : "tsx"}` }
      : { what: "TypeScript", state: "note", text: "modules cannot be loaded: npm install --save-dev tsx" },
  ];
}

async function ofDataDir(session: Session): Promise<Finding> {
  const what = "data directory";
  try {
    const store = openStore(dataDirOf(session));
    const names = await collected(listNames(store));
    return { what, state: "ok", text: `${store.url} has artifacts of ${names.length} names` };
  } catch (error) {
    return { what, state: "problem", text: messageOf(error) };
  }
}
