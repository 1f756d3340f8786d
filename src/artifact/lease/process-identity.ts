import { readFileSync, readlinkSync, statfsSync } from "node:fs";
import { hostname } from "node:os";
import { hiddenHost } from "../../util/anonymity.ts";

/**
 * Identifies a process, with enough detail for another process to find out that it is gone, in the
 * cases where that can be known.
 */
export interface ProcessIdentity {
  readonly host: string;
  readonly pid: number;
  /**
   * The start of the process, in clock ticks since the boot (Linux): it distinguishes a process
   * from a later one with the same number.
   */
  readonly startedAt?: string;
  /** The boot of the kernel (Linux). */
  readonly bootId?: string;
  /** The PID namespace: process ids are comparable only within one (Linux). */
  readonly pidNamespace?: string;
}

let current: ProcessIdentity | undefined;

/** Returns the identity of this process, looked up once. */
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
 * Returns the identity of this process with its host name hidden. The numbers stay, since they tell
 * whether the process has ended.
 */
export function anonymousProcess(): ProcessIdentity {
  const { host, ...numbers } = currentProcess();
  return { host: hiddenHost(host), ...numbers };
}

/**
 * Returns whether that process is certainly gone, as far as it is known at once. `false` means only
 * "not certain": the process may be on another machine, in another container, or hidden.
 *
 * @param folder - a folder where the process left a file, if it is on this machine
 */
export function isCertainlyGone(other: ProcessIdentity, folder: string | undefined, here = currentProcess()): boolean {
  if (other.bootId === undefined || here.bootId === undefined) return isGoneByHostName(other, here);
  // The other process belongs to an earlier boot of this machine, or runs on another machine. Host
  // names and machine ids do not tell which, since they are copied with images of machines. A local
  // disk tells: a process that wrote to it before this kernel mounted it no longer runs.
  if (other.bootId !== here.bootId) return folder !== undefined && isOnLocalDisk(folder);
  if (other.pidNamespace === undefined || other.pidNamespace !== here.pidNamespace) return false;
  return isProcessGone(other.pid, other.startedAt);
}

/** Systems without `/proc` only tell whether a process has that number. */
function isGoneByHostName(other: ProcessIdentity, here: ProcessIdentity): boolean {
  if (process.platform === "linux" || other.bootId !== here.bootId) return false;
  if (other.host !== here.host && other.host !== hiddenHost(here.host)) return false;
  return !isNumberInUse(other.pid);
}

function isProcessGone(pid: number, startedAt: string | undefined): boolean {
  let stat: ReturnType<typeof parseProcessStat>;
  try {
    stat = parseProcessStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Processes of other users may be hidden in /proc (its option hidepid): the kernel answers for
    // hidden processes too.
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
    // EPERM: the process exists, and belongs to another user.
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/**
 * Parses state and start of a process from its line in `/proc`. The name before them may contain
 * anything, even spaces and parentheses.
 */
export function parseProcessStat(line: string): { readonly state: string; readonly startedAt: string } | undefined {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  const state = fields[0];
  const startedAt = fields[19];
  return state === undefined || startedAt === undefined || !/^\d+$/.test(startedAt) ? undefined : { state, startedAt };
}

/**
 * The numbers that Linux gives its local file systems: ext, xfs, btrfs, f2fs, zfs, bcachefs, tmpfs,
 * overlay.
 */
const localFileSystems = new Set([
  0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x2fc12fc1, 0xca451a4e, 0x01021994, 0x794c7630,
]);

/**
 * Returns whether a folder lies on a disk that only one kernel mounts at a time; `false` when in
 * doubt.
 */
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
