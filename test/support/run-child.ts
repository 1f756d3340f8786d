import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../../", import.meta.url));
const built = new Map<string, Promise<string>>();
let outputFolder: string | undefined;

/**
 * Bundle a TypeScript file, so that every supported Node runs it as a process of its own. Once for
 * each file and run; the result is gone when this process ends.
 *
 * @param entryPath absolute, or from the working directory.
 * @returns the path of the bundled module.
 */
export function buildChild(entryPath: string): Promise<string> {
  const entry = path.resolve(entryPath);
  let bundled = built.get(entry);
  if (bundled === undefined) {
    bundled = bundle(entry);
    built.set(entry, bundled);
  }
  return bundled;
}

/**
 * Like {@link buildChild}, with a file of its own for whatever is imported on first use, as in the
 * published package.
 */
export async function buildSplitChild(entryPath: string): Promise<string> {
  const outdir = mkdtempSync(path.join(makeOutputFolder(), "split-"));
  const name = path.basename(entryPath, ".ts");
  await build({
    ...OPTIONS,
    entryPoints: { [name]: path.resolve(entryPath) },
    outdir,
    outExtension: { ".js": ".mjs" },
    splitting: true,
  });
  return path.join(outdir, `${name}.mjs`);
}

// The packages stay outside: with the clients of all clouds in it, a bundle has 20 MB and takes
// seconds.
const OPTIONS = {
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  logLevel: "warning",
  packages: "external",
  alias: { "persistable-ts": path.join(root, "src/entry") },
} as const;

/** A folder from which the packages are found, as from any file of this project. */
function makeOutputFolder(): string {
  if (outputFolder === undefined) {
    const cache = path.join(root, "node_modules/.cache");
    mkdirSync(cache, { recursive: true });
    outputFolder = mkdtempSync(path.join(cache, "persistable-child-"));
    const folder = outputFolder;
    process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  }
  return outputFolder;
}

async function bundle(entry: string): Promise<string> {
  const outfile = path.join(makeOutputFolder(), `${path.basename(entry, ".ts")}-${built.size}.mjs`);
  await build({ ...OPTIONS, entryPoints: [entry], outfile });
  return outfile;
}

/**
 * A process that tells what it does, one JSON value a line. It is killed at the end of the scope.
 */
export interface Child extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly pid: number;
  /** Everything it has told so far. */
  readonly told: readonly unknown[];
  /** The text that it wrote to its standard error so far. */
  readonly complaints: string;
  /**
   * The next thing it tells that satisfies `is`, of all it ever told; fails when it ends before.
   */
  waitFor<Told>(is: (told: Told) => boolean): Promise<Told>;
  /** Its exit code or signal, once it has ended. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Write a line to its standard input. */
  tell(line: string): void;
  kill(signal?: NodeJS.Signals): void;
}

/** Start what {@link buildChild} made. The input is its only argument, as JSON. */
export function startChild(
  file: string,
  input: unknown,
  options: { readonly nodeArgs?: readonly string[] } = {},
): Child {
  const child = spawn(process.execPath, [...(options.nodeArgs ?? []), file, JSON.stringify(input)], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  const told: unknown[] = [];
  const listeners = new Set<() => void>();
  const notify = (): void => {
    for (const listener of listeners) listener();
  };
  let complaints = "";
  let hasEnded = false;
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  child.stdin.on("error", () => {});
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => {
    told.push(JSON.parse(line));
    notify();
  });
  const ended = once(child, "close").then(([code, signal]) => {
    hasEnded = true;
    notify();
    return (signal ?? code) as number | NodeJS.Signals;
  });
  return {
    process: child,
    pid: child.pid ?? 0,
    told,
    get complaints() {
      return complaints;
    },
    ended,
    waitFor<Told>(is: (value: Told) => boolean): Promise<Told> {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          const found = (told as Told[]).find((value) => is(value));
          if (found === undefined && !hasEnded) return;
          listeners.delete(look);
          if (found === undefined) reject(new Error(`The child ended without telling it. ${complaints}`));
          else resolve(found);
        };
        listeners.add(look);
        look();
      });
    },
    tell(line) {
      child.stdin.write(`${line}\n`);
    },
    kill(signal = "SIGKILL") {
      child.kill(signal);
    },
    async [Symbol.asyncDispose]() {
      if (!hasEnded) child.kill("SIGKILL");
      await ended;
    },
  };
}
