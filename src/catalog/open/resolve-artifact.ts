import { UnresolvedArtifactError } from "../../errors/artifact-errors.ts";
import type { CatalogEntry } from "../query/catalog-entry.ts";

/** The ways in which a text can name an artifact. */
export type ArtifactText =
  | { readonly kind: "address"; readonly digits: string; readonly name: string | undefined }
  | { readonly kind: "latest"; readonly name: string }
  | { readonly kind: "tag"; readonly name: string; readonly tag: string }
  | { readonly kind: "params"; readonly name: string; readonly terms: readonly string[] };

/** With fewer digits, the artifact would be a guess. */
const MIN_DIGITS = 4;
const MOST_NAMED = 10;

/**
 * Reads `3f9a1c2e`, `estimator/3f9a`, `estimator@latest`, `estimator@paper` and
 * `estimator{zThreshold=2,points.n=100}`.
 *
 * @throws {@link UnresolvedArtifactError}
 */
export function parseArtifactText(text: string): ArtifactText {
  const [, named, inner] = /^(.+)\{(.*)\}$/s.exec(text) ?? [];
  if (named !== undefined && inner !== undefined) return { kind: "params", name: named, terms: splitTerms(inner) };
  const [, name, digits = text] = /^(?:(.+)\/)?([^/]*)$/s.exec(text) ?? [];
  if (/^[0-9a-f]{4,64}$/i.test(digits)) return { kind: "address", digits: digits.toLowerCase(), name };
  const [, tagged, tag] = /^(.+)@([^@]*)$/s.exec(text) ?? [];
  if (tagged !== undefined && tag === "latest") return { kind: "latest", name: tagged };
  if (tagged !== undefined && tag !== undefined && tag !== "") return { kind: "tag", name: tagged, tag };
  throw new UnresolvedArtifactError(
    text,
    `does not name an artifact: give at least ${MIN_DIGITS} digits of its address, name@latest, name@tag, or name{key=value,…}`,
  );
}

/** Commas inside quotes and brackets belong to a value. */
function splitTerms(inner: string): readonly string[] {
  const terms = inner.match(/(?:"(?:[^"\\]|\\.)*"|\[[^\]]*\]|[^,"[])+/gs) ?? [];
  return terms.map((term) => term.trim()).filter((term) => term !== "");
}

/**
 * Returns the only entry, or the only one that is not a note of a failure.
 *
 * @throws {@link UnresolvedArtifactError} with the candidates
 */
export function onlyEntry(text: string, entries: readonly CatalogEntry[], absence: string): CatalogEntry {
  const [entry] = entries;
  if (entry === undefined) throw new UnresolvedArtifactError(text, absence);
  if (entries.length === 1) return entry;
  const named = entries.slice(0, MOST_NAMED).map(describeCandidate);
  const more = entries.length > named.length ? `; and ${entries.length - named.length} more` : "";
  throw new UnresolvedArtifactError(
    text,
    `fits ${entries.length} artifacts: ${named.join("; ")}${more}. Give more digits, or more params`,
    entries.slice(0, MOST_NAMED).map(({ name, address }) => `${name}/${address}`),
  );
}

function describeCandidate({ name, address, createdAt, state }: CatalogEntry): string {
  return `${name}/${address.slice(0, 12)} (${state === "present" ? (createdAt ?? "present") : state})`;
}
