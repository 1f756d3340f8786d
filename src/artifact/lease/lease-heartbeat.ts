import { INTERNAL_FOLDER } from "../../store/internal-folder.ts";
import { layerOf, reopeningOf } from "../../store/location/reopening.ts";
import type { Store } from "../../store/store.ts";
import { storePath } from "../../store/store-path.ts";
import { loadPart } from "../../util/peers/load-part.ts";
import { type Beating, beatThroughStore } from "./lease-beats.ts";
import { type Claim, leaseFolder } from "./lease-claim.ts";
import { type Machine, thisMachine } from "./lease-machine.ts";
import { type PulseBeat, pulse } from "./lease-pulse.ts";

/** A claim that is beating. */
export interface Heartbeat {
  /** When this resolves, the loop may be busy for as long as the generator likes. */
  readonly ready: Promise<void> | undefined;
  /** When this resolves, no beat is under way. */
  stop(): void | Promise<void>;
}

/**
 * Beats on a thread begin after this time: most generators have finished by then, and the thread
 * has nothing to load for them.
 */
const ENTRY_AFTER_MS = 500;

/**
 * Shows every `beatMs` that the owner of a claim still works, until the heartbeat is stopped. The
 * heartbeat does not keep the process running.
 */
export function startHeartbeat(store: Store, claim: Claim, head: string, beatMs: number, machine: Machine): Heartbeat {
  const beating: Beating = { path: claim.path, token: claim.token, head, everyMs: beatMs };
  const place = layerOf(store, claim.path);
  const file = place.localPath?.(claim.path);
  if (file !== undefined) return beatFile(store, place, file, beating, machine);
  return machine === thisMachine ? new DistantHeartbeat(store, place, beating) : beatOnLoop(store, beating, machine);
}

function beatOnLoop(store: Store, beating: Beating, machine: Machine): Heartbeat {
  return { ready: undefined, stop: beatThroughStore(() => store, beating, machine) };
}

function beatFile(store: Store, place: Store, file: string, beating: Beating, machine: Machine): Heartbeat {
  const { head, everyMs } = beating;
  let fallback: (() => Promise<void>) | undefined;
  const folders = [storePath(INTERNAL_FOLDER), leaseFolder()].map((folder) => place.localPath?.(folder) ?? "");
  const beat = pulse.add(
    { file, folders, head, everyMs },
    {
      onEnd() {
        fallback = beatThroughStore(() => store, beating, machine);
      },
    },
  );
  return {
    ready: undefined,
    stop() {
      void beat.stop();
      return fallback?.();
    },
  };
}

/**
 * Beats for a claim in a remote store. The heartbeat thread of this process opens the same store
 * again and beats there. If it cannot do that, or as soon as one of its beats has failed, the event
 * loop of this thread beats as well.
 */
class DistantHeartbeat implements Heartbeat {
  readonly ready: Promise<void>;
  readonly #store: Store;
  readonly #beating: Beating;
  #beat: PulseBeat | undefined;
  #stopLoop: (() => Promise<void>) | undefined;
  #isStopped = false;

  constructor(store: Store, place: Store, beating: Beating) {
    this.#store = store;
    this.#beating = beating;
    this.ready = this.#begin(place);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.ready;
    await Promise.all([this.#beat?.stop(), this.#stopLoop?.()]);
  }

  async #begin(place: Store): Promise<void> {
    const reopening = reopeningOf(place);
    if (reopening === undefined)
      return this.#beatOnLoop("no thread can open a store that the program has made by itself");
    const entryUrl = await findEntry();
    if (entryUrl === undefined)
      return this.#beatOnLoop("persistable-ts was bundled with the program, so no thread can load it alone");
    if (this.#isStopped) return;
    const afterMs = Math.min(ENTRY_AFTER_MS, this.#beating.everyMs / 2);
    this.#beat = pulse.add(
      { ...this.#beating, reopening, entryUrl, afterMs, env: { ...process.env } },
      {
        onEnd: () => this.#beatOnLoop("there is no thread to be had"),
        onFailure: ({ message, mayPass }) =>
          this.#beatOnLoop(mayPass ? undefined : `the thread that should do it could not: ${message}`),
      },
    );
  }

  /**
   * @param why - the reason why beats go through the event loop, unless a passing failure is the
   * reason
   */
  #beatOnLoop(why: string | undefined): void {
    if (this.#isStopped) return;
    this.#stopLoop ??= beatThroughStore(() => this.#store, this.#beating, thisMachine, {
      onBeat: () => {
        if (why !== undefined) warnOfBusyLoop(this.#store.url, why);
      },
    });
  }
}

let entryUrl: Promise<string | undefined> | undefined;

/**
 * Returns the URL of the module that the thread imports; undefined if that might be the program
 * itself, which must not run twice.
 */
function findEntry(): Promise<string | undefined> {
  entryUrl ??= loadPart(() => import("./heartbeat-entry.ts")).then(
    ({ heartbeatEntryUrl: url }) => (url !== undefined && isFileOfPackage(url, "persistable-ts") ? url : undefined),
    () => {
      entryUrl = undefined;
      return undefined;
    },
  );
  return entryUrl;
}

/**
 * Returns whether a file belongs to an installed package of that name, and not to a bundle of
 * another package.
 */
function isFileOfPackage(url: string, name: string): boolean {
  const { existsSync, readFileSync } = process.getBuiltinModule("node:fs");
  try {
    for (let end = url.lastIndexOf("/"); end > "file://".length; end = url.lastIndexOf("/", end - 1)) {
      const manifest = new URL(`${url.slice(0, end)}/package.json`);
      if (existsSync(manifest)) return (JSON.parse(readFileSync(manifest, "utf8")) as { name?: unknown }).name === name;
    }
  } catch {
    // The URL is not a file, or the package is not readable.
  }
  return false;
}

let isTold = false;

/** Warns, once in a process, that a busy event loop may cost a lease. */
function warnOfBusyLoop(url: string, why: string): void {
  if (isTold) return;
  isTold = true;
  process.emitWarning(
    `The lease on an artifact in ${url} is renewed by the event loop of the program: ${why}. ` +
      "A generator that keeps the loop busy for longer than 20 s may be run a second time by another process. " +
      "Give the definition worker: true, with the URL of the store as dataDir, so that it runs on a thread.",
    { type: "LeaseWarning" },
  );
}
