import type { DriverCallOptions, DriverUpload } from "./bucket-driver.ts";

/** The service said no to a part. */
export class UploadRefused extends Error {
  readonly status: number;

  constructor(status: number, text: string) {
    super(`the upload was refused (${status}): ${text.slice(0, 200)}`);
    this.status = status;
  }
}

/**
 * A resumable upload: one part after the other to an address that the service has given for it, and the last of them tells that it is the last; so the newest one waits
 * here until the next one comes. Source: "Resumable uploads" in the documentation of Cloud Storage.
 */
export class GcsUpload implements DriverUpload {
  readonly minPartBytes = 256 * 1024;
  readonly maxParts = Number.POSITIVE_INFINITY;
  readonly #uri: string | undefined;
  readonly #ifAbsent: boolean;
  readonly #arrived = new Map<number, Uint8Array>();
  #next = 1;
  #sentBytes = 0;
  #sending: Promise<void> = Promise.resolve();

  /** @param uri - undefined where the service refused to begin, since something is there */
  constructor(uri: string | undefined, ifAbsent: boolean) {
    this.#uri = uri;
    this.#ifAbsent = ifAbsent;
  }

  async sendPart(part: number, bytes: Uint8Array, { signal }: DriverCallOptions): Promise<void> {
    if (part >= this.#next) this.#arrived.set(part, bytes);
    // In turn, whoever comes first; and nobody's failure is the next one's.
    const sending = this.#sending.catch(() => {}).then(() => this.#sendAllButNewest(signal));
    this.#sending = sending;
    await sending;
  }

  async complete({ signal }: DriverCallOptions): Promise<"created" | "exists"> {
    await this.#sending.catch(() => {});
    if (this.#uri === undefined) return "exists";
    const last = this.#arrived.get(this.#next) ?? new Uint8Array(0);
    const status = await this.#send(last, true, signal);
    return status === 412 && this.#ifAbsent ? "exists" : "created";
  }

  async abort(): Promise<void> {
    if (this.#uri !== undefined) await fetch(this.#uri, { method: "DELETE" });
  }

  async #sendAllButNewest(signal: AbortSignal): Promise<void> {
    if (this.#uri === undefined) return;
    for (;;) {
      const bytes = this.#arrived.get(this.#next);
      if (bytes === undefined || !this.#arrived.has(this.#next + 1)) return;
      await this.#send(bytes, false, signal);
      this.#arrived.delete(this.#next);
      this.#next++;
      this.#sentBytes += bytes.length;
    }
  }

  /** What the service has already got of it, an earlier attempt's, is not sent again. */
  async #send(bytes: Uint8Array, isLast: boolean, signal: AbortSignal): Promise<number> {
    const end = this.#sentBytes + bytes.length;
    let start = this.#sentBytes;
    for (;;) {
      const total = isLast ? end : "*";
      const rest = bytes.subarray(start - this.#sentBytes);
      const range = rest.length === 0 ? `bytes */${total}` : `bytes ${start}-${end - 1}/${total}`;
      const answer = await fetch(this.#uri as string, {
        method: "PUT",
        headers: { "content-range": range },
        body: rest as Uint8Array<ArrayBuffer>,
        signal,
      });
      const text = await answer.text();
      if (answer.ok || (answer.status === 412 && this.#ifAbsent)) return answer.status;
      if (answer.status !== 308) throw new UploadRefused(answer.status, text);
      const got = Number(/-(\d+)$/.exec(answer.headers.get("range") ?? "")?.[1] ?? -1) + 1;
      if (got >= end && !isLast) return answer.status;
      if (got <= start && rest.length > 0) throw new UploadRefused(503, "the service took nothing of a part");
      start = Math.max(this.#sentBytes, Math.min(end, got));
    }
  }
}
