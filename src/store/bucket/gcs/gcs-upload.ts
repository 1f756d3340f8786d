import type { DriverCallOptions, DriverUpload } from "../bucket-driver.ts";
import { textOf } from "../http-exchange.ts";
import type { GcsService } from "./gcs-service.ts";

/**
 * A resumable upload sends one part after the other to an address that the service has given for
 * it, and marks the last one as such; so the newest part waits here until the next one comes.
 * Source: "Resumable uploads" in the documentation of Cloud Storage.
 */
export class GcsUpload implements DriverUpload {
  readonly minPartBytes = 256 * 1024;
  readonly maxParts = Number.POSITIVE_INFINITY;
  readonly #service: GcsService;
  readonly #address: string | undefined;
  readonly #ifAbsent: boolean;
  readonly #arrived = new Map<number, Uint8Array>();
  #next = 1;
  #sentBytes = 0;
  #sending: Promise<void> = Promise.resolve();
  /**
   * A request broke off, so the service may have received more of the part than this upload knows.
   */
  #isInDoubt = false;

  /** @param address - undefined if the service refused to start, since the object exists */
  constructor(service: GcsService, address: string | undefined, ifAbsent: boolean) {
    this.#service = service;
    this.#address = address;
    this.#ifAbsent = ifAbsent;
  }

  async sendPart(part: number, bytes: Uint8Array, { signal }: DriverCallOptions): Promise<void> {
    if (part >= this.#next) this.#arrived.set(part, bytes);
    // Parts are sent in their order of arrival, and the failure of one part does not fail the next
    // one.
    const sending = this.#sending.catch(() => {}).then(() => this.#sendAllButNewest(signal));
    this.#sending = sending;
    await sending;
  }

  async complete({ signal }: DriverCallOptions): Promise<"created" | "exists"> {
    await this.#sending.catch(() => {});
    if (this.#address === undefined) return "exists";
    const last = this.#arrived.get(this.#next) ?? new Uint8Array(0);
    const status = await this.#send(this.#address, last, true, signal);
    return status === 412 && this.#ifAbsent ? "exists" : "created";
  }

  async abort({ signal }: DriverCallOptions): Promise<void> {
    if (this.#address === undefined) return;
    // 499 says that the upload is cancelled; 404 and 410 say that it no longer exists.
    const accepts = [404, 410, 499];
    await textOf(await this.#service.call({ method: "DELETE", path: this.#address, isOpen: true, accepts, signal }));
  }

  async #sendAllButNewest(signal: AbortSignal): Promise<void> {
    if (this.#address === undefined) return;
    for (;;) {
      const bytes = this.#arrived.get(this.#next);
      if (bytes === undefined || !this.#arrived.has(this.#next + 1)) return;
      await this.#send(this.#address, bytes, false, signal);
      this.#arrived.delete(this.#next);
      this.#next++;
      this.#sentBytes += bytes.length;
    }
  }

  /** Sends one part, without the bytes that the service has received in an earlier attempt. */
  async #send(address: string, bytes: Uint8Array, isLast: boolean, signal: AbortSignal): Promise<number> {
    const end = this.#sentBytes + bytes.length;
    const total = isLast ? end : "*";
    let start = this.#sentBytes;
    for (;;) {
      const rest = this.#isInDoubt ? new Uint8Array(0) : bytes.subarray(start - this.#sentBytes);
      const range = rest.length === 0 ? `bytes */${total}` : `bytes ${start}-${end - 1}/${total}`;
      const wasInDoubt = this.#isInDoubt;
      this.#isInDoubt = true;
      const answer = await this.#service.call({
        method: "PUT",
        path: address,
        isOpen: true,
        headers: { "content-range": range },
        body: [rest],
        accepts: this.#ifAbsent ? [308, 412] : [308],
        signal,
      });
      await textOf(answer);
      this.#isInDoubt = false;
      if (answer.status !== 308) return answer.status;
      const got = Number(/-(\d+)$/.exec(answer.headers.range?.toString() ?? "")?.[1] ?? -1) + 1;
      if (got >= end && !isLast) return answer.status;
      if (got <= start && !wasInDoubt) throw new PartNotTaken();
      start = Math.max(this.#sentBytes, Math.min(end, got));
    }
  }
}

/** The service acknowledged a part, and stored nothing of it. */
class PartNotTaken extends Error {
  readonly code = "PARSE_ERROR";

  constructor() {
    super("the service took nothing of a part");
  }
}
