import { readFileSync, readlinkSync, statfsSync } from "node:fs";
import { hostname } from "node:os";

/**
 * Which process: enough for another one to find out, in the cases where that can be known, that it
 * is gone.
 */
export interface ProcessIdentity {
  readonly host: string;
  readonly pid: number;
  /**
   * When it started, in clock ticks since the boot (Linux): tells a process from a later one with
   * the same number.
   */
  readonly startedAt?: string;
  /** Which boot of which kernel (Linux). */
  readonly bootId?: string;
  /** Within which numbers of processes mean the same, such as one container (Linux). */
  readonly pidNamespace?: string;
}

let current: ProcessIdentity | undefined;

/** This process, looked up once. */
export function currentProcess(): ProcessIdentity {
  if (current?.pid === process.pid) return current;
  const startedAt = tryRead(() => parseProcessStat(readFileSync("/proc/self/stat", "latin1"))?.startedAt);
  const bootId = tryRead(() => readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim());
  const pidNamespace = tryRead(() => readlinkSync("/proc/self/ns/pid"));
  current = {
    host: hostname(),
    pid: process.pid,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(bootId === undefined ? {} : { bootId }),
    ...(pidNamespace === undefined ? {} : { pidNamespace }),
  };
  return current;
}

/**
 * Whether that process is certainly gone, as far as it can be told at once. `false` means no more
 * than "not certain": the process may be on another machine, in another container, or hidden.
 *
 * @param folder where the process left something, if that is on this machine.
 */
export function isCertainlyGone(other: ProcessIdentity, folder: string | undefined, here = currentProcess()): boolean {
  if (other.bootId === undefined || here.bootId === undefined) return isGoneByHostName(other, here);
  // Names and ids of machines are copied with their images, so they do not tell an earlier boot of
  // this machine from its twin. A local disk does: whoever wrote to it before this kernel mounted
  // it no longer runs.
  if (other.bootId !== here.bootId) return folder !== undefined && isOnLocalDisk(folder);
  if (other.pidNamespace === undefined || other.pidNamespace !== here.pidNamespace) return false;
  return isProcessGone(other.pid, other.startedAt);
}

/** Systems without `/proc` tell no more than whether there is a process of that number. */
function isGoneByHostName(other: ProcessIdentity, here: ProcessIdentity): boolean {
  if (process.platform === "linux" || other.bootId !== here.bootId || other.host !== here.host) return false;
  return !isNumberInUse(other.pid);
}

function isProcessGone(pid: number, startedAt: string | undefined): boolean {
  let stat: ReturnType<typeof parseProcessStat>;
  try {
    stat = parseProcessStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Processes of other users may be hidden in /proc (its option hidepid): asking the kernel for
    // the process is not fooled by that.
    return (code === "ENOENT" || code === "ESRCH") && !isNumberInUse(pid);
  }
  if (stat === undefined) return false;
  if (stat.state === "Z" || stat.state === "X") return true;
  return startedAt !== undefined && stat.startedAt !== startedAt;
}

function isNumberInUse(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/**
 * State and start of a process from its line in `/proc`. The name before them may contain anything,
 * also spaces and parentheses.
 */
export function parseProcessStat(line: string): { readonly state: string; readonly startedAt: string } | undefined {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  const state = fields[0];
  const startedAt = fields[19];
  return state === undefined || startedAt === undefined || !/^\d+$/.test(startedAt) ? undefined : { state, startedAt };
}

/**
 * By the numbers that Linux gives its file systems: ext, xfs, btrfs, f2fs, zfs, bcachefs, tmpfs,
 * overlay.
 */
const localFileSystems = new Set([
  0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x2fc12fc1, 0xca451a4e, 0x01021994, 0x794c7630,
]);

/** Whether a folder lies on a disk that only one kernel mounts at a time. `false` when in doubt. */
function isOnLocalDisk(folder: string): boolean {
  if (process.platform !== "linux") return false;
  return tryRead(() => localFileSystems.has(statfsSync(folder).type)) ?? false;
}

function tryRead<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
