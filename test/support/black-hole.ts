import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/**
 * A TCP proxy on this machine that can turn silent: connections stay, and nothing passes any more.
 */
export interface BlackHole extends AsyncDisposable {
  readonly port: number;
  /** Connections that were opened to it so far. */
  readonly connections: number;
  /** From now on every byte vanishes, also those of new connections. */
  swallow(): void;
  /**
   * Everything passes again. What vanished stays lost, so the connections that lost something are
   * closed.
   */
  release(): void;
  /**
   * Bytes of the connections that are open vanish from now on, those of new connections pass: what
   * a router does that was started again.
   */
  forget(): void;
  /** How many bytes have come from clients so far. */
  readonly receivedBytes: number;
}

/** Start a proxy before a server on this machine. It is gone at the end of the scope. */
export async function startBlackHole(targetPort: number): Promise<BlackHole> {
  const open = new Set<Socket>();
  const forgotten = new WeakSet<Socket>();
  let isSilent = false;
  let connections = 0;
  let receivedBytes = 0;
  const server = createServer((client) => {
    connections++;
    const target = connect(targetPort, "127.0.0.1");
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const) {
      open.add(from);
      from.setNoDelay(true);
      from.on("error", () => {});
      from.on("data", (bytes: Buffer) => {
        if (from === client) receivedBytes += bytes.length;
        if (!isSilent && !forgotten.has(from)) to.write(bytes);
      });
      from.on("close", () => {
        open.delete(from);
        if (!isSilent || from === client) to.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const closeAll = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    get receivedBytes() {
      return receivedBytes;
    },
    swallow() {
      isSilent = true;
    },
    release() {
      isSilent = false;
      closeAll();
    },
    forget() {
      for (const socket of open) forgotten.add(socket);
    },
    async [Symbol.asyncDispose]() {
      closeAll();
      server.close();
      await once(server, "close");
    },
  };
}
