import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findFreePort, findInstalled } from "./server.ts";

const SSHD = "/usr/sbin/sshd";

/** A server of one's own, which knows one key. */
export interface Sshd extends AsyncDisposable {
  readonly port: number;
  /** The server's public key. */
  readonly hostKey: string;
  /** The file of the key that the server accepts. */
  readonly keyFile: string;
  /** The file of a key that the server does not know. */
  readonly strangerKeyFile: string;
  readonly username: string;
  /** Ends every connection, and goes on serving new ones. */
  dropConnections(): void;
  close(): Promise<void>;
}

/**
 * sshd, as this user; undefined where it is not installed.
 *
 * @param forbidden - requests of SFTP that it refuses
 */
export async function startSshd(forbidden: readonly string[] = []): Promise<Sshd | undefined> {
  const found = findInstalled("sshd", "bash scripts/install-test-servers.sh", existsSync(SSHD) ? SSHD : undefined);
  if (found === undefined) return undefined;
  // Debian's sshd asks for it when it is root.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
  const folder = mkdtempSync(path.join(tmpdir(), "persistable-sshd-"));
  const file = (name: string): string => path.join(folder, name);
  for (const name of ["host", "user", "stranger"])
    spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file(name)], { stdio: "inherit" });
  writeFileSync(file("authorized_keys"), readFileSync(file("user.pub")));
  const port = await findFreePort();
  writeFileSync(
    file("config"),
    [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${file("host")}`,
      `AuthorizedKeysFile ${file("authorized_keys")}`,
      `PidFile ${file("pid")}`,
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "StrictModes no",
      "UsePAM no",
      "PermitRootLogin yes",
      "MaxStartups 100",
      `Subsystem sftp internal-sftp${forbidden.length === 0 ? "" : ` -P ${forbidden.join(",")}`}`,
    ].join("\n"),
  );
  const child = spawn(SSHD, ["-D", "-e", "-f", file("config")], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-2000);
  });
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  const close = async (): Promise<void> => {
    process.off("exit", kill);
    endChildrenOf(child);
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await listening(port, child, () => said);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    port,
    hostKey: readFileSync(file("host.pub"), "utf8").split(" ").slice(0, 2).join(" "),
    keyFile: file("user"),
    strangerKeyFile: file("stranger"),
    username: userInfo().username,
    dropConnections: () => endChildrenOf(child),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** One process for each connection, and under it one for its user. */
function endChildrenOf({ pid }: ChildProcess): void {
  const { stdout } = spawnSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" });
  for (const child of stdout.split(/\s+/).filter((text) => text !== "")) {
    spawnSync("pkill", ["-KILL", "-P", child]);
    spawnSync("kill", ["-KILL", child]);
  }
}

async function listening(port: number, child: ChildProcess, said: () => string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null) throw new Error(`sshd ended with ${child.exitCode}: ${said()}`);
    const socket = connect(port, "127.0.0.1");
    try {
      await once(socket, "connect");
      return;
    } catch {
      await sleep(50);
    } finally {
      socket.destroy();
    }
  }
  throw new Error(`sshd does not listen: ${said()}`);
}
