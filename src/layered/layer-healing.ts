import { objectAt } from "../artifact/layout/artifact-paths.ts";
import { type PayloadBeside, payloadBeside } from "../artifact/layout/payload-objects.ts";
import { findPayloadFile, isIntact } from "../record/record-text.ts";
import type { Healing, JudgedRecord, StorePath } from "../store/store.ts";
import { digestOf } from "../util/digest/digest.ts";
import type { ReadThrough, ReadThroughParts } from "./read-through.ts";
import { type Ask, type Unreachable, unreachable } from "./remote-link.ts";

/**
 * How long the verdict on an artifact of the remote is used again: long enough to set all objects
 * of that artifact aside.
 */
const VERDICT_MS = 10_000;

type Verdict = "whole" | "damaged" | Unreachable;

/** The parts that a {@link LayerHealing} works with. */
export interface HealingParts extends ReadThroughParts {
  readonly readThrough: ReadThrough;
}

/**
 * Replaces what is damaged in one store by what the other one has whole. Bytes that do not match
 * their digest are never used, and objects of the remote store are never judged by those of the
 * local one.
 */
export class LayerHealing {
  readonly #parts: HealingParts;
  /**
   * Records whose local artifact readers ignore: it is damaged, and the local store cannot take the
   * remote's one.
   */
  readonly #distrusted = new Set<StorePath>();
  readonly #verdicts = new Map<StorePath, { readonly digest: string; readonly untilMs: number }>();

  constructor(parts: HealingParts) {
    this.#parts = parts;
  }

  /** Whether readers ignore the local store's copy of an object. */
  distrusts(path: StorePath): boolean {
    return this.#distrusted.size > 0 && this.#distrusted.has(recordOf(path));
  }

  /**
   * Make readers ignore the local object: it may not be written, and another one has taken its
   * place in the remote.
   */
  async distrust(path: StorePath): Promise<void> {
    if ((await this.#parts.local.stat(path)) !== undefined) this.#distrusted.add(recordOf(path));
  }

  /** Called once the local store has a newer object: readers may use it. */
  trust(path: StorePath): void {
    this.#distrusted.delete(recordOf(path));
    this.#verdicts.delete(recordOf(path));
  }

  /**
   * Make readers find the remote's artifact instead of one that was judged damaged, if the remote
   * has it whole.
   */
  async heal(record: StorePath, judged: JudgedRecord, ask: Ask, signal?: AbortSignal): Promise<Healing> {
    const { dismissals, readThrough, link } = this.#parts;
    const bytes = await readTwice(record, isIntact, ask, signal);
    if (bytes === unreachable) return { isHealed: false, failure: link.failures().last?.error };
    if (bytes === undefined || (await dismissals.hides(record, bytes)) !== undefined) return { isHealed: false };
    // The remote has the same bytes, and they are what was written: its copy is just as useless.
    if (judged.isAsWritten === true && Buffer.compare(bytes, judged.recordBytes) === 0) return { isHealed: false };
    if (await this.#isReplaced(record, judged, signal)) return { isHealed: true };
    const verdict = await this.#take(record, bytes, ask, signal);
    if (verdict === unreachable) return { isHealed: false, failure: link.failures().last?.error };
    if (verdict === "whole") readThrough.forget(record);
    return { isHealed: verdict === "whole" };
  }

  /** Like {@link heal}, for an object that only its reader can judge. */
  async healObject(
    path: StorePath,
    isSound: (bytes: Uint8Array) => boolean,
    ask: Ask,
    signal?: AbortSignal,
  ): Promise<Healing> {
    const { readThrough, link } = this.#parts;
    const bytes = await readTwice(path, isSound, ask, signal);
    if (bytes === unreachable) return { isHealed: false, failure: link.failures().last?.error };
    if (bytes === undefined) return { isHealed: false };
    if (await readThrough.put(path, bytes, signal)) this.#distrusted.delete(path);
    else this.#distrusted.add(path);
    return { isHealed: true };
  }

  /** Whether the artifact of a record that the remote holds is whole there. */
  async judgeRemote(record: StorePath, bytes: Uint8Array, ask: Ask, signal?: AbortSignal): Promise<Verdict> {
    const known = this.#verdicts.get(record);
    const digest = digestOf([bytes]);
    if (known !== undefined && known.digest === digest && known.untilMs > performance.now()) return "damaged";
    const payload = payloadIn(record, bytes);
    if (payload === "unknown") return "damaged";
    const verified = payload === undefined ? "whole" : await this.#parts.puller.verify(payload, ask, signal);
    if (verified === unreachable || verified === "whole") return verified;
    this.#noteDamage(record, digest);
    return "damaged";
  }

  /**
   * Returns whether the local store gives back the bytes that it was given: a broken disk may not.
   */
  async #isRightHere(record: StorePath, bytes: Uint8Array, payload: PayloadBeside | undefined, ask: Ask) {
    const { local, puller } = this.#parts;
    const own = await local.read(record);
    if (own === undefined || Buffer.compare(own, bytes) !== 0) return false;
    return payload === undefined || (await puller.isWholeHere(payload, ask)) === "whole";
  }

  /**
   * Returns whether the local store has a newer artifact than the one that was judged. The newer
   * one must not be replaced.
   */
  async #isReplaced(record: StorePath, { recordBytes }: JudgedRecord, signal?: AbortSignal): Promise<boolean> {
    if (this.distrusts(record)) return false;
    const own = await this.#parts.local.read(record, { signal });
    return own !== undefined && isIntact(own) && Buffer.compare(own, recordBytes) !== 0;
  }

  #noteDamage(record: StorePath, digest: string): void {
    this.#verdicts.set(record, { digest, untilMs: performance.now() + VERDICT_MS });
  }

  /**
   * Called if the remote's artifact cannot be set aside there: if it is damaged, this machine does
   * not use it any more.
   */
  async dismissDamaged(record: StorePath, ask: Ask): Promise<void> {
    const bytes = await ask("read", record, (remote) => remote.read(record));
    if (!(bytes instanceof Uint8Array) || (await this.judgeRemote(record, bytes, ask)) !== "damaged") return;
    await this.#parts.dismissals.note(record, "damaged", digestOf([bytes]));
  }

  async #take(record: StorePath, bytes: Uint8Array, ask: Ask, signal: AbortSignal | undefined): Promise<Verdict> {
    const { copies, readThrough, puller } = this.#parts;
    const payload = payloadIn(record, bytes);
    if (payload === "unknown") return "damaged";
    if (copies.areKept) {
      const pulled = payload === undefined ? "whole" : await puller.pull(payload, ask, signal);
      if (pulled === "damaged") this.#noteDamage(record, digestOf([bytes]));
      if (pulled === unreachable || pulled === "damaged") return pulled;
      const isKept = pulled === "whole" && (await readThrough.put(record, bytes, signal));
      if (isKept && (await this.#isRightHere(record, bytes, payload, ask))) {
        this.trust(record);
        return "whole";
      }
    }
    const verdict = await this.judgeRemote(record, bytes, ask, signal);
    if (verdict === "whole") this.#distrusted.add(record);
    return verdict;
  }
}

/**
 * Returns an object of the remote, if it is sound. An object that is not sound is read once more,
 * since an answer may be damaged on its way.
 */
async function readTwice(
  path: StorePath,
  isSound: (bytes: Uint8Array) => boolean,
  ask: Ask,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | Unreachable | undefined> {
  for (let look = 0; look < 2; look++) {
    const bytes = await ask("read", path, (remote) => remote.read(path, { signal }), signal);
    if (!(bytes instanceof Uint8Array) || isSound(bytes)) return bytes;
  }
  return undefined;
}

/**
 * The payload beside a record: `undefined` if it is inside the record, `"unknown"` if the record is
 * damaged or describes its payload in a way that this release does not know.
 */
function payloadIn(record: StorePath, bytes: Uint8Array): PayloadBeside | "unknown" | undefined {
  if (!isIntact(bytes)) return "unknown";
  return payloadBeside(record, bytes) ?? (findPayloadFile(bytes) === undefined ? undefined : "unknown");
}

function recordOf(path: StorePath): StorePath {
  const object = objectAt(path);
  return "record" in object ? object.record : path;
}
