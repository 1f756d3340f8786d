import type { SourceDifference } from "../../artifact/explain/source-difference.ts";
import { sourcePath } from "../../artifact/layout/artifact-paths.ts";
import { StoreError } from "../../errors/store-errors.ts";
import type { Store } from "../../store/store.ts";
import { sha256Hex } from "../../util/digest/sha256.ts";
import { lazyPart } from "../../util/peers/load-part.ts";
import { type Declaration, isAnonymous, sourceTextOf } from "../declare/declaration.ts";
import { refusesOtherSource } from "../declare/source-policy.ts";
import type { State } from "../declare/state.ts";
import { redactionOf } from "../secrets/redaction.ts";

const compareSourcesPart = lazyPart(() => import("../../artifact/explain/compare-sources.ts"));
const namedSourcesPart = lazyPart(() => import("../../artifact/provenance/named-sources.ts"));

/** Longer source is not kept: no person would read the difference. */
const MAX_SOURCE_BYTES = 512 * 1024;
const kept = new Set<string>();

/**
 * Keeps the source of a generator beside what it generates, so that a later difference can be
 * shown: once for each process and store, for definitions whose artifacts depend on their source.
 * An artifact does not need it, so a store may refuse it.
 */
export async function keepSource(state: State, source: string): Promise<void> {
  const { declaration, recipe, surroundings } = state;
  const { store } = surroundings;
  const path = sourcePath(recipe.name, source);
  const key = `${store.url} ${path}`;
  if (kept.has(key) || isAnonymous(declaration) || !isKept(declaration)) return;
  kept.add(key);
  const text = await sourceTextOf(declaration);
  const bytes = Buffer.from(text);
  // A source that contains a secret of the params is not kept.
  if (bytes.length > MAX_SOURCE_BYTES || redactionOf(state).text(text) !== text) return;
  try {
    await store.createIfAbsent(path, [bytes], { durable: false });
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
  }
}

function isKept(declaration: Declaration): boolean {
  return declaration.source !== undefined || refusesOtherSource(declaration);
}

/**
 * Compares the source that made an artifact with that of today; `undefined` where the former was
 * not kept.
 */
export async function differencesFrom(
  { declaration, store }: { readonly declaration: Declaration; readonly store: Store },
  recorded: string,
): Promise<readonly SourceDifference[] | undefined> {
  const before = await readKept(store, declaration.name, recorded);
  if (before === undefined) return undefined;
  const [{ compareSources }, { decodeSources }] = await Promise.all([compareSourcesPart(), namedSourcesPart()]);
  return compareSources(decodeSources(before), decodeSources(await sourceTextOf(declaration)));
}

async function readKept(store: Store, name: string, source: string): Promise<string | undefined> {
  try {
    const bytes = await store.read(sourcePath(name, source), { maxBytes: MAX_SOURCE_BYTES });
    return bytes !== undefined && `sha256:${sha256Hex(bytes)}` === source ? new TextDecoder().decode(bytes) : undefined;
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
}
