import type { CatalogEntry } from "../../catalog/query/catalog-entry.ts";
import { answerArtifact } from "../answers/artifact.ts";
import { Asked } from "../answers/asked.ts";
import { answerDisk } from "../answers/disk.ts";
import type { ExploredStore } from "../answers/explored-store.ts";
import { answerName } from "../answers/name.ts";
import { answerPreview, openImage } from "../answers/payloads.ts";
import { answerRun, answerRuns } from "../answers/runs.ts";
import { answerStore } from "../answers/store-answer.ts";
import { answerTrouble } from "../answers/trouble.ts";
import { answerWhy } from "../answers/why.ts";
import { RequestRefusal } from "../http/request-refusal.ts";
import type { PreviewAnswer } from "../shapes/artifact-shapes.ts";
import type { CountOf, ExportedArtifact, ExportedData } from "../shapes/export-shapes.ts";

/** How much is exported at most. */
export interface ExportLimits {
  /** A row takes about half a kilobyte of the file. */
  readonly artifacts: number;
  /** Artifacts with a page of their own: their records and payloads are read. */
  readonly pages: number;
}

const LIMITS: ExportLimits = { artifacts: 10_000, pages: 300 };
/** When the pages take this many characters together, later artifacts have none. */
const MAX_PAGES_LENGTH = 16 * 1024 * 1024;
const MAX_PICTURE_BYTES = 512 * 1024;
const MAX_NAMES = 50;
const MAX_RUNS = 20;

/** Collects what an exported page can show: the newest artifacts of a query, and their pages. */
export async function collectExport(
  explored: ExploredStore,
  signal: AbortSignal,
  limits = LIMITS,
): Promise<ExportedData> {
  const { total, artifacts } = await explored.catalog.find(explored.startQuery, { limit: limits.artifacts });
  const pages = await pagesOf(explored, artifacts.slice(0, limits.pages), signal);
  const names = [...new Set(artifacts.map(({ name }) => name))];
  const namePages = await answersOf(names.slice(0, MAX_NAMES), (name) => answerName(explored, askedFor({ name })));
  const runs = await answerRuns(explored, askedFor({}));
  const runIds = runs.rows.slice(0, MAX_RUNS).map(({ runId }) => runId);
  const runPages = await answersOf(runIds, (id) => answerRun(explored, askedFor({ id, limit: "2000" })));
  return {
    exportedAt: new Date().toISOString(),
    query: explored.startQuery,
    counts: {
      artifacts: countOf(artifacts.length, total),
      pages: countOf(pages.length, artifacts.length),
      names: countOf(namePages.length, names.length),
      runs: countOf(runPages.length, runs.total),
    },
    store: await answerStore(explored),
    entries: artifacts,
    pages: Object.fromEntries(pages),
    names: Object.fromEntries(namePages),
    runs,
    runPages: Object.fromEntries(runPages),
    disk: await answerDisk(explored, signal),
    trouble: await answerTrouble(explored, signal),
  };
}

function countOf(exported: number, total: number): CountOf {
  return { exported, total };
}

async function answersOf<Answer>(
  keys: readonly string[],
  answer: (key: string) => Promise<Answer>,
): Promise<[string, Answer][]> {
  const answers: [string, Answer][] = [];
  for (const key of keys) {
    const answered = await unlessRefused(() => answer(key));
    if (answered !== undefined) answers.push([key, answered]);
  }
  return answers;
}

async function pagesOf(
  explored: ExploredStore,
  artifacts: readonly CatalogEntry[],
  signal: AbortSignal,
): Promise<[string, ExportedArtifact][]> {
  const pages: [string, ExportedArtifact][] = [];
  let length = 0;
  for (const { address } of artifacts) {
    signal.throwIfAborted();
    const page = await unlessRefused(() => pageOf(explored, address, signal));
    if (page === undefined) continue;
    length += JSON.stringify(page).length;
    if (length > MAX_PAGES_LENGTH) break;
    pages.push([address, page]);
  }
  return pages;
}

async function pageOf(explored: ExploredStore, address: string, signal: AbortSignal): Promise<ExportedArtifact> {
  const asked = askedFor({ address });
  const { payload, ...artifact } = await answerArtifact(explored, asked);
  const preview = await unlessRefused(() => answerPreview(explored, asked, signal));
  const why = await unlessRefused(() => answerWhy(explored, asked));
  const picture = await pictureOf(explored, preview, signal);
  // The file does not hold the payload, so that there is nothing to download.
  const { download: _, ...facts } = payload ?? { format: "", sizeBytes: 0, digest: "" };
  return {
    artifact: { ...artifact, ...(payload === undefined ? {} : { payload: facts }) },
    ...(preview === undefined ? {} : { preview }),
    ...(why === undefined ? {} : { why }),
    ...(picture === undefined ? {} : { picture }),
  };
}

async function pictureOf(
  explored: ExploredStore,
  answer: PreviewAnswer | undefined,
  signal: AbortSignal,
): Promise<ExportedArtifact["picture"]> {
  if (answer?.preview.kind !== "image" || answer.preview.totalBytes > MAX_PICTURE_BYTES) return undefined;
  const { mediaType = "", pieces } = await openImage(explored, askedFor({ address: answer.address }), signal);
  const bytes: Uint8Array[] = [];
  for await (const piece of pieces()) bytes.push(piece);
  return { mediaType, base64: Buffer.concat(bytes).toString("base64") };
}

function askedFor(params: Readonly<Record<string, string>>): Asked {
  return new Asked(new URLSearchParams(params), Object.keys(params));
}

/** The file leaves out what the server would refuse, and says how much is in it. */
async function unlessRefused<Answer>(answer: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer();
  } catch (error) {
    if (error instanceof RequestRefusal) return undefined;
    throw error;
  }
}
