import { artifactCommands } from "../../../src/explorer/answers/artifact-commands.ts";
import { allValuesOf, rowOf } from "../../../src/explorer/answers/artifact-row.ts";
import { answerArtifacts, answerDependents, answerFacets } from "../../../src/explorer/answers/artifacts.ts";
import { openArtifactsFile } from "../../../src/explorer/answers/artifacts-file.ts";
import { Asked } from "../../../src/explorer/answers/asked.ts";
import { CommandWriter } from "../../../src/explorer/answers/commands.ts";
import { findArtifact, findName } from "../../../src/explorer/answers/explored-store.ts";
import { answerGraph, graphFile } from "../../../src/explorer/answers/graph.ts";
import { answerSweep } from "../../../src/explorer/answers/sweep.ts";
import type { ArtifactAnswer, PreviewAnswer, Routes } from "../../../src/explorer/api.ts";
import { RequestRefusal } from "../../../src/explorer/http/request-refusal.ts";
import { visible } from "../../../src/explorer/http/visible.ts";
import { collected } from "../../../src/util/concurrency/collected.ts";
import { compareEntries } from "./compare-entries.ts";
import { ExportedCatalog } from "./exported-catalog.ts";
import { exportedData } from "./exported-data.ts";

const data = exportedData();
const catalog = new ExportedCatalog(data.store.url, data.entries);
const commands = new CommandWriter(data.store.shownAs);
const explored = { catalog, commands };

type Answers = { readonly [Route in keyof Routes]?: (asked: Asked) => Promise<Routes[Route]["answer"]> };

/** Questions about a catalogue are answered by the same code as in the server. */
const ANSWERS: Answers = {
  "/api/store": async () => data.store,
  "/api/artifacts": (asked) => answerArtifacts(catalog, commands, asked),
  "/api/facets": (asked) => answerFacets(catalog, asked),
  "/api/artifact": answerArtifact,
  "/api/dependents": (asked) => answerDependents(explored, asked),
  "/api/preview": answerPreview,
  "/api/name": async (asked) => known(data.names, await findName(catalog, asked.required("name"))),
  "/api/compare": (asked) => compareEntries(catalog, commands, asked),
  "/api/graph": (asked) => answerGraph(explored, asked),
  "/api/runs": async (asked) => {
    const { offset, limit } = asked.part();
    const { rows } = data.runs;
    return { ...data.runs, total: rows.length, offset, rows: rows.slice(offset, offset + limit) };
  },
  "/api/run": async (asked) => known(data.runPages, asked.required("id")),
  "/api/sweep": (asked) => answerSweep(catalog, commands, asked),
  "/api/why": async (asked) => {
    const { why } = known(data.pages, (await findArtifact(catalog, asked.address())).address);
    return why ?? notInFile();
  },
  "/api/disk": async () => data.disk,
  "/api/trouble": async () => data.trouble,
};

/**
 * Answers a question from what is in the file.
 *
 * @throws {@link RequestRefusal}, InvalidQueryError
 */
export async function answerFromFile(route: keyof Routes, query: URLSearchParams): Promise<unknown> {
  const answer = ANSWERS[route];
  if (answer === undefined) return notInFile();
  return visible(await answer(new Asked(query, [...query.keys()])));
}

/** Makes a file that the server would make. */
export async function fileFromFile(url: string): Promise<{ readonly name: string; readonly content: Blob }> {
  const { pathname, searchParams } = new URL(url, "http://page");
  const asked = new Asked(searchParams, [...searchParams.keys()]);
  if (pathname === "/api/graph-file")
    return { name: "lineage.txt", content: new Blob([await graphFile(explored, asked)]) };
  const { fileName, type, parts } = await openArtifactsFile(catalog, asked, new AbortController().signal);
  return { name: fileName, content: new Blob(await collected(parts()), { type }) };
}

/** An artifact without a page of its own has what its row tells. */
async function answerArtifact(asked: Asked): Promise<ArtifactAnswer> {
  const entry = await findArtifact(catalog, asked.address());
  const page = Object.hasOwn(data.pages, entry.address) ? data.pages[entry.address] : undefined;
  if (page !== undefined) return page.artifact;
  const links = Object.entries(entry.dependencies).map(async ([role, { name, address }]) => ({
    ...{ role, name, address },
    state: (await catalog.get(name, address))?.state ?? ("missing" as const),
  }));
  const { total } = await catalog.find([`from=${entry.address}`], { limit: 0 });
  return {
    artifact: rowOf(entry, [...allValuesOf(entry).keys()]),
    ...{ params: entry.params, untracked: [], summary: entry.summary, cost: entry.cost ?? {}, provenance: {} },
    ...{ madeFrom: await Promise.all(links), undeclared: [], usedBy: total, tags: [], isPinned: false },
    commands: artifactCommands(commands, entry),
  };
}

async function answerPreview(asked: Asked): Promise<PreviewAnswer> {
  const { address } = await findArtifact(catalog, asked.address());
  const { preview, picture } = known(data.pages, address);
  if (preview === undefined || asked.text("file") !== undefined) return notInFile();
  const { image: _, ...shown } = preview;
  return picture === undefined ? shown : { ...shown, image: pictureUrl(picture) };
}

function pictureUrl({ mediaType, base64 }: { readonly mediaType: string; readonly base64: string }): string {
  const bytes = Uint8Array.from(atob(base64), (unit) => unit.charCodeAt(0));
  return URL.createObjectURL(new Blob([bytes], { type: mediaType }));
}

function known<Value>(values: Readonly<Record<string, Value>>, key: string): Value {
  const value = Object.hasOwn(values, key) ? values[key] : undefined;
  return value ?? notInFile();
}

function notInFile(): never {
  throw new RequestRefusal(
    "EXPLORER_NOT_EXPORTED",
    "This part of the data directory is not in the file.",
    "Where the data directory is, `persistable explore` shows it; with a narrower query, more of it can be exported.",
  );
}
