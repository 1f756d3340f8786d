import { hasExtraKeys } from "./own-keys.ts";

/** Why a view or a buffer would not come back as it is: what is wrong with it, and what to do. */
export type ViewProblem = readonly [what: string, suggestion: string];

/** What only looking at the class of a view does not tell. */
export function viewProblem(view: ArrayBufferView): ViewProblem | undefined {
  if (hasExtraKeys(view)) return ["is an array with keys of its own", "Use an object beside it."];
  return bufferProblem(view.buffer);
}

/** The same for the memory behind it. */
export function bufferProblem(buffer: ArrayBufferLike): ViewProblem | undefined {
  // Not by its class: test runners give a program another realm's ArrayBuffer.
  if (Object.prototype.toString.call(buffer) !== "[object ArrayBuffer]")
    return ["lies in shared memory, which others can change", "Give a copy: array.slice()."];
  if ("resizable" in buffer && buffer.resizable === true)
    return ["lies in a resizable buffer", "Give a copy: array.slice()."];
  if (isDetached(buffer)) return ["lies in a buffer that was given away (detached)", "Keep it, or give a copy."];
  return undefined;
}

function isDetached(buffer: ArrayBufferLike): boolean {
  if (buffer.byteLength > 0) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}
