/** The place of a file or a folder that is a parameter. */
export interface InputPlace {
  readonly path: string;
  /** The patterns of the files of a folder that count; absent for a file. */
  readonly include?: readonly string[];
}

/** The places of the inputs that this thread knows, by digest. */
const places = new Map<string, InputPlace>();

export function noteInput(sha256: string, place: InputPlace): void {
  places.set(sha256, place);
}

export function placeOfInput(sha256: string): InputPlace | undefined {
  return places.get(sha256);
}

/** The places of all inputs in some params, at any depth, for another thread. */
export function placesIn(params: unknown, found = new Map<string, InputPlace>()): ReadonlyMap<string, InputPlace> {
  if (places.size === 0 || typeof params !== "object" || params === null || ArrayBuffer.isView(params)) return found;
  const sha256: unknown = "sha256" in params ? params.sha256 : undefined;
  const place = typeof sha256 === "string" ? places.get(sha256) : undefined;
  if (typeof sha256 === "string" && place !== undefined) found.set(sha256, place);
  else for (const value of Object.values(params)) placesIn(value, found);
  return found;
}
