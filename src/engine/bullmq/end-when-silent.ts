import { Socket } from "node:net";

/**
 * A connection that gives no answer for this long is opened again: a router that was restarted
 * drops the packets of the connections that it has forgotten, and neither side hears of it. BullMQ
 * lets commands block for 10 s.
 */
export const SILENT_MS = 15_000;
const LOOK_MS = 1000;

/** The part of a client of Redis that tells of its connections. */
interface Client {
  on(event: "connect", listener: () => void): unknown;
}

/**
 * Ends each connection of a client that gives no answer to what was sent, so that the client opens
 * another one. The client has an option for this, whose timer keeps a process that has finished
 * alive.
 */
export async function endWhenSilent(connected: Promise<Client> | undefined): Promise<void> {
  // A client that cannot connect reports that to the listeners for errors.
  const client = await connected?.catch(() => undefined);
  if (client === undefined) return;
  const watch = (): void => {
    const socket: unknown = Reflect.get(client, "stream");
    if (socket instanceof Socket) endSilentSocket(socket);
  };
  watch();
  client.on("connect", watch);
}

function endSilentSocket(socket: Socket): void {
  let answeredBytes = socket.bytesWritten;
  let silentMs = 0;
  socket.on("data", () => {
    answeredBytes = socket.bytesWritten;
    silentMs = 0;
  });
  const timer = setInterval(() => {
    silentMs = socket.bytesWritten === answeredBytes ? 0 : silentMs + LOOK_MS;
    if (silentMs >= SILENT_MS) socket.destroy(new Error(`The server gave no answer for ${SILENT_MS / 1000} s.`));
  }, LOOK_MS);
  timer.unref();
  socket.once("close", () => clearInterval(timer));
}
