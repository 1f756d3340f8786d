import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { SeededRandom } from "./seeded-random.ts";

/** What goes wrong, each with the share of exchanges (a request and its answer) that it befalls, from 0 to 1. */
export interface Faults {
  /** The connection is reset (RST) before anything has passed. */
  readonly refuse?: number;
  /** The request gets lost on the way to the server, all of it or the rest of it, and the connection is reset. */
  readonly lose?: number;
  /** The answer ends early and in good order, as if that were all. */
  readonly cut?: number;
  /** The connection is reset in the middle of the answer. */
  readonly reset?: number;
  /** Nothing comes any more from the middle of the answer on, and nobody says why. */
  readonly stall?: number;
  /** How many bytes pass before something goes wrong: anything from 0 to below this. Default 1,000. */
  readonly afterBytes?: number;
  /** Each piece of an answer waits for up to this long. */
  readonly delayMs?: number;
  /** Answers come in pieces of at most so many bytes. */
  readonly sliceBytes?: number;
}

const fates = ["refuse", "lose", "cut", "reset", "stall"] as const;
type Fate = (typeof fates)[number];

/** How many exchanges there were, and how many of them each fault has befallen. */
export type FaultCounts = Record<Fate | "exchanges", number>;

/** A TCP proxy on this machine, where a network fails on purpose: by the same draws for the same seed. */
export interface FaultProxy extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly counts: FaultCounts;
  /** From the next exchange on. Connections that are open are closed, so that one that hangs is no longer in the way. */
  setFaults(faults: Faults): void;
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
    new Connection(client, server, () => this.#draw());
  }

  /** What becomes of the next exchange. */
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

interface Drawn {
  readonly fate: Fate | undefined;
  readonly afterBytes: number;
  readonly delayMs: number;
  readonly sliceBytes: number;
}

/** A client and a server, and what comes between them. */
class Connection {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #draw: () => Drawn;
  #drawn: Drawn | undefined;
  /** Of the exchange, in the direction that its fate is about. */
  #passedBytes = 0;
  #hasAnswered = false;
  #answering: Promise<void> = Promise.resolve();

  constructor(client: Socket, server: Socket, draw: () => Drawn) {
    this.#client = client;
    this.#server = server;
    this.#draw = draw;
    client.on("data", (bytes: Buffer) => this.#takeRequest(bytes));
    client.on("end", () => server.end());
    client.on("close", () => server.destroy());
    server.on("drain", () => client.resume());
    server.on("data", (bytes: Buffer) => this.#takeAnswer(bytes));
    server.on("end", () => this.#afterAnswer(() => client.end()));
    server.on("close", () => this.#afterAnswer(() => client.destroy()));
  }

  #takeRequest(bytes: Buffer): void {
    if (this.#drawn === undefined || this.#hasAnswered) this.#begin();
    const { fate, afterBytes } = this.#drawn ?? this.#draw();
    if (fate === "refuse" || (fate === "lose" && this.#passedBytes + bytes.length > afterBytes)) {
      this.#server.write(bytes.subarray(0, fate === "refuse" ? 0 : afterBytes - this.#passedBytes));
      this.#client.resetAndDestroy();
      return;
    }
    if (fate === "lose") this.#passedBytes += bytes.length;
    if (!this.#server.write(bytes)) this.#client.pause();
  }

  #begin(): void {
    this.#drawn = this.#draw();
    this.#hasAnswered = false;
    this.#passedBytes = 0;
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
    const { fate, afterBytes = Number.POSITIVE_INFINITY, delayMs = 0 } = this.#drawn ?? {};
    if (delayMs > 0) await sleep(delayMs);
    const left = fate === "lose" ? Number.POSITIVE_INFINITY : afterBytes - this.#passedBytes;
    if (left < 0 || !this.#client.writable) return;
    this.#passedBytes += piece.length;
    if (!this.#client.write(piece.subarray(0, left)))
      await Promise.race([once(this.#client, "drain"), once(this.#client, "close")]);
    if (piece.length < left || fate === "stall") return;
    if (fate === "reset") this.#client.resetAndDestroy();
    else this.#client.end();
    this.#server.destroy();
  }

  /** Whoever stalls also says nothing of the end. */
  #afterAnswer(act: () => void): void {
    this.#answering = this.#answering.then(() => {
      if (this.#drawn?.fate !== "stall") act();
    });
  }
}
