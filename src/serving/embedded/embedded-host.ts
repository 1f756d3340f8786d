import { type ChildProcess, fork } from "node:child_process";
import { rmSync } from "node:fs";
import type { MessageToHost, ReadyHost } from "../../engine/embedded/host-message.ts";
import { howEnded, type MessageOfChild, whenReady } from "../../engine/embedded/when-ready.ts";
import { messageOf } from "../../errors/error-kind.ts";
import { startPostgres, stopPostgres } from "./postgres-server.ts";

const WORKERS = 2;

/**
 * Holds a server and two workers for the run that has started this process. All of them end when
 * the run disconnects, which it does at its end, and also if it is killed.
 *
 * @param script - the script of the command of this package
 */
export async function holdEmbedded(script: string): Promise<void> {
  // Only the run decides when this process ends.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
  const left = new Promise<void>((resolve) => process.once("disconnect", resolve));
  const message = await new Promise<MessageToHost>((resolve) => process.once("message", resolve));
  const host = new EmbeddedHost(message, script);
  try {
    tell({ kind: "ready", workers: await host.begin() });
    await left;
  } catch (error) {
    tell({ kind: "failed", message: messageOf(error) });
  } finally {
    await host.end();
  }
  process.exit(0);
}

class EmbeddedHost {
  readonly #message: MessageToHost;
  readonly #script: string;
  readonly #workers = new Set<ChildProcess>();
  #server: ChildProcess | undefined;
  #isEnding = false;

  constructor(message: MessageToHost, script: string) {
    this.#message = message;
    this.#script = script;
  }

  /** @returns the ids of the processes that are the workers */
  async begin(): Promise<readonly number[]> {
    this.#server = await startPostgres(this.#message.server);
    const workers = await Promise.all(Array.from({ length: WORKERS }, () => this.#startWorker()));
    return workers.flatMap(({ pid }) => pid ?? []);
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    for (const worker of this.#workers) worker.kill("SIGKILL");
    if (this.#server !== undefined) await stopPostgres(this.#server);
    rmSync(this.#message.server.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Starts a worker, and waits until it takes jobs. */
  async #startWorker(): Promise<ChildProcess> {
    const worker = fork(this.#script, ["__embedded-worker"], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#workers.add(worker);
    await whenReady(worker, this.#message.workers, "A worker", note);
    worker.once("exit", (code, signal) => this.#replace(worker, howEnded(code, signal)));
    return worker;
  }

  #replace(worker: ChildProcess, how: string): void {
    this.#workers.delete(worker);
    if (this.#isEnding) return;
    const seconds = this.#message.workers.lockMs / 1000;
    note(
      `Worker ${worker.pid} has ended (${how}). What it did is done again after ${seconds} s, and another worker is started.`,
    );
    this.#startWorker().catch((error: unknown) => note(messageOf(error)));
  }
}

function note(text: string): void {
  tell({ kind: "note", text });
}

function tell(message: MessageOfChild<ReadyHost>): void {
  if (process.connected) process.send?.(message);
}
