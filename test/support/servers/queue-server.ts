import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/** A server for queues of one's own, Redis or PostgreSQL. */
export interface QueueServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Kills the server, and starts it again after a while with what it has written. */
  restart(awayMs: number): Promise<void>;
  /** Removes all jobs, as a server does that has lost its memory. */
  loseJobs(): Promise<void>;
  /** Watches what clients send; the function that it returns gives all of it since then. */
  watch(): Promise<() => Promise<string>>;
  /** Returns everything that the server keeps, as a backup or a dashboard would show it. */
  dump(): Promise<string>;
  /** The length of the longest message in the queues, 0 if there is none. */
  longestMessage(): Promise<number>;
  close(): Promise<void>;
}

/** A kind of server that BullMQ keeps its queues on. */
export interface QueueServerKind {
  readonly kind: string;
  /** Whether it is installed here. Where it is not, this warns, and it throws in CI. */
  isInstalled(): boolean;
  start(): Promise<QueueServer>;
}

/** Kills a process, and waits until it has ended. */
export async function endOf(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}
