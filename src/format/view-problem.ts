import { hasExtraKeys } from "./own-keys.ts";

/** A problem because of which a view or a buffer would not come back as it is, and advice. */
export type ViewProblem = readonly [what: string, suggestion: string];

/**
 * Says why a view, of a class that the format accepts, would not come back as it is; `undefined` if
 * it would.
 */
export function viewProblem(view: ArrayBufferView): ViewProblem | undefined {
  if (hasExtraKeys(view)) return ["is an array with keys of its own", "Use an object beside it."];
  return bufferProblem(view.buffer);
}

/** Says why the memory behind a view would not come back as it is; `undefined` if it would. */
export function bufferProblem(buffer: ArrayBufferLike): ViewProblem | undefined {
  // The class itself is not compared: test runners give a program the ArrayBuffer of another realm.
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
