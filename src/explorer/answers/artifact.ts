import type { Address } from "../../address/address.ts";
import { readRecordBytes } from "../../artifact/layout/read-record-bytes.ts";
import { recordPath } from "../../artifact/layout/record-path.ts";
import type { CatalogEntry } from "../../catalog/query/catalog-entry.ts";
import { CorruptArtifactError } from "../../errors/artifact-errors.ts";
import { NewerRecordError } from "../../errors/record-errors.ts";
import { listTags } from "../../housekeeping/tags.ts";
import { type OpenedArtifact, openArtifact } from "../../inspect/open-artifact.ts";
import { payloadBytesOf } from "../../record/payload-bytes.ts";
import type { ArtifactAnswer, PayloadFacts } from "../shapes/artifact-shapes.ts";
import type { ArtifactLink } from "../shapes/common.ts";
import { artifactCommands } from "./artifact-commands.ts";
import { allValuesOf, rowOf } from "./artifact-row.ts";
import { type Asked, notFound, pathOf } from "./asked.ts";
import { type ExploredStore, findArtifact } from "./explored-store.ts";
import { fieldsToJson } from "./to-json.ts";

const MAX_RECORD_TEXT = 256 * 1024;

/** Answers `/api/artifact`. */
export async function answerArtifact(explored: ExploredStore, asked: Asked): Promise<ArtifactAnswer> {
  const { catalog, store, commands } = explored;
  const entry = await findArtifact(catalog, asked.address());
  const record = (await tryOpen(explored, entry))?.record;
  const [usedBy, tags] = await Promise.all([
    catalog.find([`from=${entry.address}`], { limit: 0 }),
    listTags(store, { name: entry.name }),
  ]);
  const own = tags.filter(({ address }) => address === entry.address);
  const text = await recordText(explored, entry);
  return {
    artifact: rowOf(entry, [...allValuesOf(entry).keys()]),
    params: entry.params,
    untracked: [...(record?.untrackedParams ?? []), ...(record?.implicitParams ?? [])],
    summary: entry.summary,
    cost: entry.cost ?? {},
    provenance: fieldsToJson(record?.provenance ?? {}),
    ...(record === undefined ? {} : { payload: payloadFacts(record) }),
    ...(text === undefined ? {} : { record: text }),
    madeFrom: await Promise.all(
      Object.entries(entry.dependencies).map(async ([role, { name, address }]) => ({
        role,
        ...(await linkTo(explored, name, address)),
      })),
    ),
    undeclared: await Promise.all(
      (record?.provenance.undeclared ?? []).map(({ name, address }) => linkTo(explored, name, address)),
    ),
    usedBy: usedBy.total,
    tags: own.flatMap(({ tag }) => tag ?? []),
    isPinned: own.some(({ tag }) => tag === undefined),
    commands: artifactCommands(commands, entry),
  };
}

/** Opens an artifact; `undefined` for one without a readable record. */
export async function tryOpen(
  { store }: Pick<ExploredStore, "store">,
  entry: CatalogEntry,
  signal?: AbortSignal,
): Promise<OpenedArtifact | undefined> {
  if (entry.state !== "present") return undefined;
  try {
    return await openArtifact(store, pathOf(entry), { signal });
  } catch (error) {
    if (error instanceof CorruptArtifactError || error instanceof NewerRecordError) return undefined;
    throw error;
  }
}

/** @throws {@link RequestRefusal} for an artifact without a readable record */
export async function openFound(explored: ExploredStore, digits: string, signal: AbortSignal): Promise<OpenedArtifact> {
  const entry = await findArtifact(explored.catalog, digits);
  const opened = await tryOpen(explored, entry, signal);
  if (opened !== undefined) return opened;
  throw notFound(
    `${entry.name} ${entry.address.slice(0, 8)} has no payload: it is ${entry.state}${entry.problem === undefined ? "" : `, ${entry.problem}`}.`,
    "Generate it again.",
  );
}

function payloadFacts({ address, payload }: OpenedArtifact["record"]): PayloadFacts {
  const { format, digest, file, contents } = payload;
  return {
    format,
    sizeBytes: payloadBytesOf(payload),
    digest,
    ...(file === undefined ? {} : { file }),
    ...(contents === undefined ? {} : { files: contents.files }),
    download: `/api/payload?address=${address}`,
  };
}

async function recordText(
  { store }: ExploredStore,
  { name, address }: CatalogEntry,
): Promise<ArtifactAnswer["record"]> {
  const bytes = await readRecordBytes(store, recordPath(name, address), {});
  if (bytes === undefined) return undefined;
  return { text: new TextDecoder().decode(bytes.subarray(0, MAX_RECORD_TEXT)), totalBytes: bytes.length };
}

async function linkTo({ catalog }: ExploredStore, name: string, address: Address): Promise<ArtifactLink> {
  return { name, address, state: (await catalog.get(name, address))?.state ?? "missing" };
}
