import type { ChildProcess } from "node:child_process";
import { visibleLine } from "../../errors/visible-text.ts";

/** Messages of a process that gets an order from its parent, and says when it is ready. */
export type MessageOfChild<Ready = unknown> =
  | ({ readonly kind: "ready" } & Ready)
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "note"; readonly text: string };

/**
 * Gives a process its order, and passes on its notes as long as it lives.
 *
 * @param title - the process, at the beginning of a sentence
 * @returns the message with which it says that it is ready
 * @throws Error if it fails or ends before that
 */
export function whenReady<Ready>(
  child: ChildProcess,
  order: object,
  title: string,
  note: (text: string) => void,
): Promise<Ready> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => reject(new Error(`${title} has ended: ${howEnded(code, signal)}.`)));
    child.on("message", (message: MessageOfChild<Ready>) => {
      if (message.kind === "ready") resolve(message);
      else if (message.kind === "failed") reject(new Error(message.message));
      else note(message.text);
    });
    child.send(order, () => {});
  });
}

/** The signal or the exit code with which a process has ended. */
export function howEnded(code: number | null, signal: NodeJS.Signals | null): string {
  return visibleLine(signal ?? `exit code ${code}`);
}
