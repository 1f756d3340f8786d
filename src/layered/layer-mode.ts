type LayerAccess = "rw" | "r";

/**
 * Says which layer may be written: `"local:rw,remote:r"` reads both, and writes to the local one.
 */
export type LayeredMode = `local:${LayerAccess},remote:${LayerAccess}`;

export interface WritableLayers {
  readonly local: boolean;
  readonly remote: boolean;
}

/** @throws TypeError for anything else than a {@link LayeredMode}. */
export function parseLayeredMode(mode: string): WritableLayers {
  const [, local, remote] = /^local:(rw?),remote:(rw?)$/.exec(mode) ?? [];
  if (local === undefined)
    throw new TypeError(
      `${JSON.stringify(mode)} is not a mode of a layered store: say "local:rw,remote:rw", with "r" for what must not be written.`,
    );
  return { local: local === "rw", remote: remote === "rw" };
}
