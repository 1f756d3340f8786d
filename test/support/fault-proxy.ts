import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { SeededRandom } from "./seeded-random.ts";

/**
 * The kinds of faults, each with the share of exchanges (a request and its answer) that it hits,
 * from 0 to 1.
 */
export interface Faults {
  /** The connection is reset (RST) before anything has passed. */
  readonly refuse?: number;
  /**
   * The request gets lost on the way to the server, all of it or the rest of it, and the connection
   * is reset.
   */
  readonly lose?: number;
  /** The answer ends early and in good order, as if that were all. */
  readonly cut?: number;
  /** The connection is reset in the middle of the answer. */
  readonly reset?: number;
  /** The answer stops in the middle, and the connection stays open. */
  readonly stall?: number;
  /**
   * How many bytes pass before something goes wrong: anything from 0 to below this. Default 1,000.
   */
  readonly afterBytes?: number;
  /** Each piece of an answer waits for up to this long. */
  readonly delayMs?: number;
  /** Answers come in pieces of at most this size. */
  readonly sliceBytes?: number;
}

const fates = ["refuse", "lose", "cut", "reset", "stall"] as const;
type Fault = (typeof fates)[number];

/** The fate of one exchange, as a test orders it. */
export interface Fate {
  readonly fault?: "cut" | "reset" | "stall";
  /**
   * The bytes of the answer's body that pass, after its head, before the fault; without it, only a
   * piece of the head passes.
   */
  readonly afterBodyBytes?: number;
  /** The whole answer, head and body, in place of the server's: the request does not get there. */
  readonly answer?: string;
  /** The request that the server gets instead, `GET /path HTTP/1.1`. */
  readonly request?: string;
}

/**
 * Says what becomes of an exchange by the first line of its request, and by how many came before
 * it.
 */
export type Plan = (request: string, earlier: number) => Fate | undefined;

/** How many exchanges there were, and how many of them each fault has befallen. */
export type FaultCounts = Record<Fault | "exchanges", number>;

/**
 * A TCP proxy on this machine, where a network fails on purpose: by the same draws for the same
 * seed.
 */
export interface FaultProxy extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly counts: FaultCounts;
  /**
   * From the next exchange on. Connections that are open are closed, so that one that hangs is no
   * longer in the way.
   */
  setFaults(faults: Faults): void;
  /** From the next exchange on, instead of faults that are drawn; counts begin at 0 again. */
  setPlan(plan: Plan | undefined): void;
}

/** Start a proxy before a server on this machine. It is gone at the end of the scope. */
export async function startFaultProxy(targetPort: number, seed = 1): Promise<FaultProxy> {
  const proxy = new Proxying(targetPort, new SeededRandom(seed));
  await proxy.listen();
  return proxy;
}

class Proxying implements FaultProxy {
  readonly counts: FaultCounts = { exchanges: 0, refuse: 0, lose: 0, cut: 0, reset: 0, stall: 0 };
  readonly #targetPort: number;
  readonly #random: SeededRandom;
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #faults: Faults = {};
  #plan: Plan | undefined;

  constructor(targetPort: number, random: SeededRandom) {
    this.#targetPort = targetPort;
    this.#random = random;
    this.#server = createServer((client) => this.#serve(client));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  setFaults(faults: Faults): void {
    this.#faults = faults;
    for (const socket of this.#open) socket.destroy();
  }

  setPlan(plan: Plan | undefined): void {
    this.#plan = plan;
    for (const name of ["exchanges", ...fates] as const) this.counts[name] = 0;
    this.setFaults({});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #serve(client: Socket): void {
    const server = connect(this.#targetPort, "127.0.0.1");
    for (const socket of [client, server]) {
      this.#open.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => this.#open.delete(socket));
    }
    new Connection(client, server, {
      draw: (request) => this.#planned(request) ?? this.#draw(),
      befall: (fault) => {
        if (this.#plan !== undefined) this.counts[fault]++;
      },
    });
  }

  #planned(request: string): Drawn | undefined {
    if (this.#plan === undefined) return undefined;
    const fate = this.#plan(request, this.counts.exchanges++) ?? {};
    const { fault, afterBodyBytes } = fate;
    // Where the head ends is seen when it comes.
    const afterBytes = fault === undefined || afterBodyBytes !== undefined ? Number.POSITIVE_INFINITY : HEAD_BYTES;
    return { ...fate, fate: fault, afterBytes, delayMs: 0, sliceBytes: Number.POSITIVE_INFINITY };
  }

  /** Decides the fate of the next exchange. */
  #draw(): Drawn {
    const faults = this.#faults;
    let left = this.#random.next();
    const fate = fates.find((candidate) => {
      left -= faults[candidate] ?? 0;
      return left < 0;
    });
    this.counts.exchanges++;
    if (fate !== undefined) this.counts[fate]++;
    return {
      fate,
      afterBytes: fate === undefined ? Number.POSITIVE_INFINITY : this.#random.below(faults.afterBytes ?? 1000),
      delayMs: (faults.delayMs ?? 0) * this.#random.next(),
      sliceBytes: faults.sliceBytes ?? Number.POSITIVE_INFINITY,
    };
  }
}

/** The bytes that pass of an answer whose head breaks off. */
const HEAD_BYTES = 20;

interface Drawn extends Fate {
  readonly fate: Fault | undefined;
  readonly afterBytes: number;
  readonly delayMs: number;
  readonly sliceBytes: number;
}

/** Decides the fate of each exchange of a connection, and counts the faults that happened. */
interface Fates {
  draw(request: string): Drawn;
  befall(fault: Fault): void;
}

/** A client and a server, and what comes between them. */
class Connection {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #fates: Fates;
  #drawn: Drawn | undefined;
  /** The bytes of the exchange that have passed in the direction of its fate. */
  #passedBytes = 0;
  /** The head, so far, of an answer whose body is to break off. */
  #head = "";
  #bodyStart = 0;
  #hasAnswered = false;
  #answering: Promise<void> = Promise.resolve();

  constructor(client: Socket, server: Socket, fates: Fates) {
    this.#client = client;
    this.#server = server;
    this.#fates = fates;
    client.on("data", (bytes: Buffer) => this.#takeRequest(bytes));
    client.on("end", () => server.end());
    client.on("close", () => server.destroy());
    server.on("drain", () => client.resume());
    server.on("data", (bytes: Buffer) => this.#takeAnswer(bytes));
    server.on("end", () => this.#afterAnswer(() => client.end()));
    server.on("close", () => this.#afterAnswer(() => client.destroy()));
  }

  #takeRequest(given: Buffer): void {
    // What follows a `100 Continue` is the rest of the same request.
    const isNew = this.#drawn === undefined || (this.#hasAnswered && startsRequest(given));
    const drawn = isNew ? this.#begin(given) : this.#drawn;
    const bytes = isNew ? withRequest(given, drawn?.request) : given;
    if (drawn?.answer !== undefined) {
      if (isNew) this.#takeAnswer(Buffer.from(drawn.answer));
      return;
    }
    const { fate, afterBytes = Number.POSITIVE_INFINITY } = drawn ?? {};
    if (fate === "refuse" || (fate === "lose" && this.#passedBytes + bytes.length > afterBytes)) {
      this.#server.write(bytes.subarray(0, fate === "refuse" ? 0 : afterBytes - this.#passedBytes));
      this.#client.resetAndDestroy();
      return;
    }
    if (fate === "lose") this.#passedBytes += bytes.length;
    if (!this.#server.write(bytes)) this.#client.pause();
  }

  #begin(bytes: Buffer): Drawn {
    const line = bytes.subarray(0, Math.max(0, bytes.indexOf("\r\n"))).toString("latin1");
    const drawn = this.#fates.draw(line);
    this.#drawn = drawn;
    this.#hasAnswered = false;
    this.#passedBytes = 0;
    this.#bodyStart = 0;
    this.#head = "";
    return drawn;
  }

  /** How many bytes of the answer pass. */
  #allowedBytes(piece: Buffer): number {
    const { fate, afterBytes = Number.POSITIVE_INFINITY, afterBodyBytes } = this.#drawn ?? {};
    if (fate === "lose") return Number.POSITIVE_INFINITY;
    if (fate === undefined || afterBodyBytes === undefined) return afterBytes;
    if (this.#bodyStart === 0) {
      this.#head += piece.toString("latin1");
      const end = this.#head.indexOf("\r\n\r\n");
      if (end === -1) return Number.POSITIVE_INFINITY;
      this.#bodyStart = end + 4;
    }
    return this.#bodyStart + afterBodyBytes;
  }

  #takeAnswer(bytes: Buffer): void {
    this.#hasAnswered = true;
    this.#server.pause();
    this.#answering = this.#answering.then(async () => {
      const { sliceBytes = bytes.length } = this.#drawn ?? {};
      const step = Math.min(sliceBytes, bytes.length);
      for (let start = 0; start < bytes.length; start += step) await this.#pass(bytes.subarray(start, start + step));
      this.#server.resume();
    });
  }

  async #pass(piece: Buffer): Promise<void> {
    const { fate, delayMs = 0 } = this.#drawn ?? {};
    if (delayMs > 0) await sleep(delayMs);
    const left = this.#allowedBytes(piece) - this.#passedBytes;
    if (left < 0 || !this.#client.writable) return;
    this.#passedBytes += piece.length;
    if (!this.#client.write(piece.subarray(0, left)))
      await Promise.race([once(this.#client, "drain"), once(this.#client, "close")]);
    // A body that ends where it was to break off is whole, and what follows it is another answer.
    if (piece.length < left || fate === undefined) return;
    this.#fates.befall(fate);
    if (fate === "stall") return;
    if (fate === "reset") this.#client.resetAndDestroy();
    else this.#client.end();
    this.#server.destroy();
  }

  /**
   * Runs `act` after the answer, unless the answer stalls: then the end of the connection is not
   * passed on, either.
   */
  #afterAnswer(act: () => void): void {
    this.#answering = this.#answering.then(() => {
      if (this.#drawn?.fate !== "stall") act();
    });
  }
}

function startsRequest(bytes: Buffer): boolean {
  return /^[A-Z]+ \S+ HTTP\/1/.test(bytes.toString("latin1", 0, 4096));
}

function withRequest(bytes: Buffer, request: string | undefined): Buffer {
  if (request === undefined) return bytes;
  return Buffer.concat([Buffer.from(request), bytes.subarray(bytes.indexOf("\r\n"))]);
}
