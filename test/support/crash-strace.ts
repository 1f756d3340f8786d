import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { PublishChildInput, PublishChildLine } from "./crash-publish-child.ts";
import { buildChild } from "./run-child.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/**
 * Calls that have to do with files. What else a process does would not tell it from a killed one.
 */
const CALLS = [
  ...["openat", "read", "pread64", "write", "pwrite64", "writev", "close", "fsync", "fdatasync", "ftruncate"],
  ...["link", "linkat", "rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat"],
  ...["stat", "lstat", "fstat", "newfstatat", "statx", "getdents64", "readlink"],
];

/**
 * The fault that replaces one call, the n-th of its name: `error=EIO`, `signal=SIGKILL`,
 * `retval=1`.
 */
export interface Injection {
  readonly call: string;
  readonly when: number;
  readonly what: string;
}

/** One call of the traced thread. */
export interface TracedCall {
  readonly call: string;
  /** The number of the call among those of its name. */
  readonly when: number;
  /** The line as strace writes it. */
  readonly text: string;
}

/** The end of the process, and its report before that. */
export interface TracedRun {
  readonly line: PublishChildLine | undefined;
  /** Every call that has to do with the store or the folder above it. */
  readonly calls: readonly TracedCall[];
}

export function isStraceInstalled(): boolean {
  return process.platform === "linux" && spawnSync("strace", ["-V"]).status === 0;
}

/**
 * Runs one operation in a process of its own, with strace holding the one thread that does it. A
 * thread is counted from the moment it is held, so that the n-th call is the same one each time.
 *
 * The shell starts the process and then becomes strace: where only one's own descendants may be
 * traced, the tracer must be the parent.
 */
export async function runTraced(
  input: Omit<PublishChildInput, "readyFile">,
  injection: Injection | undefined,
): Promise<TracedRun> {
  await using folder = await temporaryFolder();
  const readyFile = folder.join("ready");
  const logFile = folder.join("log");
  const file = await buildChild("test/support/crash-publish-child.ts");
  const inject =
    injection === undefined ? [] : ["-e", `inject=${injection.call}:${injection.what}:when=${injection.when}`];
  const script = `
    exec 3<&0
    "$NODE" "$CHILD" "$INPUT" <&3 &
    while [ ! -s "$READY" ]; do kill -0 $! || exit 1; sleep 0.01; done
    read -r process thread < "$READY"
    exec strace -qq -y -o "$LOG" -e "trace=${CALLS.map((call) => `?${call}`).join(",")}" "$@" -p "$thread" < /dev/null`;
  const shell = spawn("/bin/sh", ["-c", script, "sh", ...inject], {
    stdio: ["pipe", "pipe", "pipe"],
    env: {
      ...process.env,
      NODE_OPTIONS: "",
      UV_THREADPOOL_SIZE: "1",
      NODE: process.execPath,
      CHILD: path.resolve(file),
      INPUT: JSON.stringify({ ...input, readyFile } satisfies PublishChildInput),
      READY: readyFile,
      LOG: logFile,
    },
  });
  let output = "";
  let complaints = "";
  shell.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  shell.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  shell.stdin.on("error", () => {});
  const ended = once(shell, "close");
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  while (!isOver && !isHeld(readyFile)) await sleep(3);
  shell.stdin.end("go\n");
  await ended;
  const log = existsSync(logFile) ? readFileSync(logFile, "utf8") : "";
  if (log === "") throw new Error(`strace has seen nothing: ${complaints}`);
  const [line] = output.split("\n").filter((text) => text !== "");
  return {
    line: line === undefined ? undefined : (JSON.parse(line) as PublishChildLine),
    calls: parseLog(log).filter(({ text }) => text.includes(path.dirname(input.dataDir))),
  };
}

/** Whether a tracer holds the thread. */
function isHeld(readyFile: string): boolean {
  try {
    const [pid, thread] = readFileSync(readyFile, "utf8").trim().split(" ");
    return thread !== undefined && !/TracerPid:\t0\n/.test(readFileSync(`/proc/${pid}/task/${thread}/status`, "utf8"));
  } catch {
    return false;
  }
}

function parseLog(log: string): TracedCall[] {
  const counts = new Map<string, number>();
  return [...log.matchAll(/^([a-z0-9_]+)\(.*$/gm)].map(([text, call = ""]) => {
    const when = (counts.get(call) ?? 0) + 1;
    counts.set(call, when);
    return { call, when, text };
  });
}
