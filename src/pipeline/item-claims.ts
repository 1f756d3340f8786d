/** Everything in this process that is being generated, by store and item: whoever wants it too waits for the same work. */
export const inFlight = new Map<string, Promise<void>>();

/**
 * Say that an item is being generated from now on.
 *
 * @returns how the claim is given back
 */
export function claim(key: string): () => void {
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  inFlight.set(key, held);
  return () => {
    if (inFlight.get(key) === held) inFlight.delete(key);
    release();
  };
}
