import { type ChildProcess, type ForkOptions, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "../../errors/error-kind.ts";
import { EmbeddedServerError } from "../../errors/worker-errors.ts";
import { ownCommand } from "../../util/peers/own-folder.ts";
import { randomHex } from "../../util/random-hex.ts";
import { findPrograms } from "./find-programs.ts";
import type { MessageToHost, ReadyHost, WorkerOrder } from "./host-message.ts";
import { killServer, removeServer } from "./remove-server.ts";
import { whenReady } from "./when-ready.ts";

export interface HostOptions extends Omit<WorkerOrder, "url" | "run" | "folder"> {
  readonly note: (text: string) => void;
}

/**
 * The process that holds a server and its workers. It ends them when this process does, whatever
 * ends it. If the host itself is killed, another one goes on with the same server and its data.
 */
export class HostProcess {
  readonly url: string;
  readonly #message: MessageToHost;
  readonly #note: (text: string) => void;
  #child: ChildProcess | undefined;
  #isClosed = false;

  private constructor(message: MessageToHost, note: (text: string) => void) {
    this.url = message.workers.url;
    this.#message = message;
    this.#note = note;
  }

  /** @throws {@link EmbeddedServerError}, {@link MissingPeerError} */
  static async start({ note, ...options }: HostOptions): Promise<HostProcess> {
    const programs = findPrograms();
    const folder = mkdtempSync(join(tmpdir(), "persistable-embedded-"));
    const port = await freePort();
    const password = randomHex(16);
    const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
    const server = { programs, folder, port, password };
    const host = new HostProcess({ server, workers: { ...options, url, run: process.pid, folder } }, note);
    try {
      const startedMs = performance.now();
      note("Starts PostgreSQL and two workers on this machine, for a first look. They end with the run.");
      const workers = await host.#fork();
      const tookS = ((performance.now() - startedMs) / 1000).toFixed(1);
      note(`The workers, processes ${workers.join(" and ")}, take payloads after ${tookS} s.`);
      return host;
    } catch (error) {
      await host.close();
      throw error;
    }
  }

  /** Ends the workers and the server, and removes what the server has written. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, "exit");
      child.ref();
      child.disconnect();
      await ended;
    }
    removeServer(this.#message.server.folder);
  }

  /** @returns the ids of the processes that are the workers */
  async #fork(): Promise<readonly number[]> {
    // In a group of processes of its own, which Ctrl-C does not reach: the run cancels its jobs.
    const options: ForkOptions = { detached: true, stdio: ["ignore", "inherit", "inherit", "ipc"] };
    const child = fork(ownCommand(), ["__host"], options);
    this.#child = child;
    try {
      const { workers } = await whenReady<ReadyHost>(child, this.#message, "The process that starts it", this.#note);
      return workers;
    } catch (error) {
      throw new EmbeddedServerError(messageOf(error), { cause: error });
    } finally {
      // A run that has ended does not wait for its host.
      child.unref();
      child.channel?.unref();
      child.once("exit", () => this.#replace());
    }
  }

  #replace(): void {
    if (this.#isClosed) return;
    this.#note("The process that holds PostgreSQL and the workers was killed. It is started again.");
    killServer(this.#message.server.folder);
    this.#fork().catch((error: unknown) => this.#note(String(error)));
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
