import { addressOfRecordPath } from "../artifact/layout/artifact-paths.ts";
import { artifactFolder } from "../artifact/layout/record-path.ts";
import { listNames } from "../catalog/list-names.ts";
import { listTags } from "../housekeeping/tags.ts";
import { listRuns } from "../runner/list-runs.ts";
import { folderNames } from "../store/folder-names.ts";
import { openStore } from "../store/open/open-store.ts";
import { collected } from "../util/concurrency/collected.ts";
import { dataDirOf, withCatalog } from "./core/open-argument.ts";
import type { Session } from "./core/session.ts";

const MOST_ADDRESSES = 500;
const MOST_RUNS = 50;

export async function proposeNames(session: Session): Promise<readonly string[]> {
  return (await collected(listNames(dataDirOf(session)))).sort();
}

/**
 * Proposes `name/3f9a1c2e` for the artifacts of the names that fit, `3f9a1c2e` once its first
 * digits are typed, and `name@paper` once an @ is typed. Only the folders of names that fit are
 * listed.
 */
export async function proposeAddresses(session: Session, partial: string): Promise<readonly string[]> {
  const [name = "", digits] = partial.split("/", 2);
  const names = await proposeNames(session);
  if (partial.includes("@")) return [...names.map((one) => `${one}@latest`), ...(await proposeTags(session))];
  const isPlain = /^[0-9a-f]+$/.test(partial) && !names.some((one) => one.startsWith(partial));
  const chosen = names.filter((one) => isPlain || (digits === undefined ? one.startsWith(name) : one === name));
  const found: string[] = [];
  for (const one of chosen) {
    const { objects } = await folderNames(openStore(dataDirOf(session)), artifactFolder(one));
    for (const object of objects) {
      const address = addressOfRecordPath(object)?.slice(0, "3f9a1c2e".length);
      if (address?.startsWith(isPlain ? partial : (digits ?? ""))) found.push(isPlain ? address : `${one}/${address}`);
    }
    // With more addresses the shell would be slow, so the names are proposed first.
    if (found.length > MOST_ADDRESSES) return digits === undefined ? chosen.map((each) => `${each}/`) : [];
  }
  return found;
}

/** Proposes `name@paper` for each tag. */
export async function proposeTags(session: Session): Promise<readonly string[]> {
  const tags = await listTags(dataDirOf(session));
  return tags.flatMap(({ name, tag }) => (tag === undefined ? [] : [`${name}@${tag}`]));
}

/**
 * Proposes names, and fields with the values that they have among the artifacts that the earlier
 * terms select.
 */
export async function proposeTerms(
  session: Session,
  before: readonly string[],
  partial: string,
): Promise<readonly string[]> {
  const [, field] = partial.match(/^([^=<>~?]+)=/) ?? [];
  const facets = await withCatalog(session, (catalog) => catalog.facets(before));
  const values = facets.find((facet) => facet.field === field)?.values ?? [];
  if (field !== undefined)
    return values.map(({ value }) => `${field}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  const names = before.length === 0 ? await proposeNames(session) : [];
  return [...names, ...facets.map((facet) => `${facet.field}=`)];
}

export async function proposeRuns(session: Session): Promise<readonly string[]> {
  const runs = await listRuns(dataDirOf(session), { limit: MOST_RUNS });
  return ["latest", ...runs.map(({ runId }) => runId)];
}
