import { rm, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { failurePath } from "../../src/artifact/layout/artifact-paths.ts";
import { recordPath } from "../../src/artifact/layout/record-path.ts";
import type { ErrorAnswer, Routes } from "../../src/explorer/api.ts";
import { type Explorer, startExplorer } from "../../src/explorer/start-explorer.ts";
import { bytes } from "../../src/format/built-in/built-in-formats.ts";
import { table } from "../../src/format/table/table-format.ts";
import { tagArtifact } from "../../src/housekeeping/tags.ts";
import { definePersistable, typedParams } from "../../src/persistable/define-persistable.ts";
import { run } from "../../src/runner/run.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { Visitor } from "./exchange.ts";

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const points = definePersistable({
  name: "points",
  params: typedParams<{ n: number }>(),
  format: table(),
  generate: ({ params }) => Array.from({ length: params.n }, (_, i) => ({ i, text: `row ${i}` })),
});
const estimator = definePersistable({
  name: "estimator",
  params: typedParams<{ z: number; kind: string }>(),
  dependencies: { points },
  summarize: (k) => ({ k: Number(k) }),
  generate: async ({ params, dependencies, cost }) => {
    await dependencies.points.payload;
    if (params.z < 0) throw new Error("singular \u202ematrix");
    cost({ usd: 0.5 });
    return params.z * 2;
  },
});
const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
const picture = definePersistable({
  name: "picture",
  format: bytes(),
  params: typedParams<{ kind: "png" | "svg" | "html" }>(),
  generate: ({ params }): Uint8Array =>
    params.kind === "png" ? new Uint8Array(png) : new TextEncoder().encode(`<${params.kind}><script>alert(1)</script>`),
});

let folder: TemporaryFolder;
let explorer: Explorer;
let visitor: Visitor;

async function ask<Path extends keyof Routes>(path: Path, query = ""): Promise<Routes[Path]["answer"]> {
  const response = await visitor.get(`${path}?${query}`);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${path} ${response.status} ${text}`);
  return JSON.parse(text);
}

const addressOf = (z: number): string => estimator({ z, kind: "wide", points: { n: 10 } }).address;

beforeAll(async () => {
  folder = await temporaryFolder();
  const dataDir = folder.path;
  const targets = [1, 2, 3, -1].map((z) => estimator({ z, kind: "wide", points: { n: 10 } }, { dataDir, logger }));
  await run(targets, { keepGoing: "everything" }).catch(() => {});
  for (const kind of ["png", "svg", "html"] as const) await picture({ kind }, { dataDir, logger }).payload;
  await writeFile(folder.join("estimator.log"), "2026-01-01 generated\n2026-01-02 singular\n");
  await tagArtifact(dataDir, `estimator/${addressOf(2)}`, "paper");
  explorer = await startExplorer({
    dataDir,
    shownAs: "my data",
    startQuery: "",
    token: "0123456789abcdef",
    port: 0,
    pageFolder: folder.join("nothing"),
  });
  visitor = await Visitor.enter(explorer);
});

afterAll(async () => {
  await explorer.close();
  await folder[Symbol.asyncDispose]();
});

test("where the page is not built, the server says how to build it", async () => {
  const response = await visitor.get("/");
  expect([response.status, await response.text()]).toEqual([503, expect.stringContaining("npm run build")]);
});

test("the data directory has its names with their counts", async () => {
  const { total, names, shownAs, cursor } = await ask("/api/store");
  expect([total, shownAs, typeof cursor]).toEqual([8, "my data", "string"]);
  expect(names.rows).toEqual([
    { name: "estimator", artifacts: 4 },
    { name: "picture", artifacts: 3 },
    { name: "points", artifacts: 1 },
  ]);
});

test("artifacts come in windows, in any order, with the columns that vary", async () => {
  const first = await ask("/api/artifacts", "query=estimator&sort=-z&limit=2");
  expect([first.total, first.all, first.offset, first.columns]).toEqual([4, 8, 0, ["z", "summary.k"]]);
  expect(first.rows.map(({ values }) => values)).toEqual([
    { z: 3, "summary.k": 6 },
    { z: 2, "summary.k": 4 },
  ]);
  const rest = await ask("/api/artifacts", "query=estimator&sort=-z&offset=2&columns=kind&columns=cost.usd");
  expect(rest.rows.map(({ state, values }) => [state, values])).toEqual([
    ["present", { kind: "wide", "cost.usd": 0.5 }],
    ["failed", { kind: "wide" }],
  ]);
  expect(rest.commands).toEqual({
    shell: "persistable ls estimator --sort=-z --data-dir 'my data'",
    typescript: 'await openCatalog("my data").find("estimator", { sort: "-z" });',
  });
});

test("facets say what varies, and give the term for each value", async () => {
  const { total, facets, varying, constants } = await ask("/api/facets", "query=estimator+state%3Dpresent");
  expect([total, varying]).toEqual([3, ["z", "summary.k"]]);
  expect(constants).toEqual([
    { field: "points.n", value: 10 },
    { field: "kind", value: "wide" },
    { field: "cost.usd", value: 0.5 },
  ]);
  const z = facets.find(({ field }) => field === "z");
  expect(z).toMatchObject({ kind: "params", count: 3, distinct: 3, sum: 6, histogram: { min: 1, max: 3 } });
  expect(z?.values.map(({ term }) => term)).toEqual(["z=1", "z=2", "z=3"]);
  for (const { values } of facets)
    for (const { term, count } of values) {
      const found = await ask("/api/artifacts", `query=${encodeURIComponent(`estimator state=present ${term}`)}`);
      expect([term, found.total]).toEqual([term, count]);
    }
});

test("an artifact has its record, what it was made from, and what to type", async () => {
  const answer = await ask("/api/artifact", `address=${addressOf(2).slice(0, 8)}`);
  expect(answer).toMatchObject({
    artifact: { address: addressOf(2), name: "estimator", state: "present" },
    params: { z: 2, kind: "wide", points: { n: 10 } },
    summary: { k: 4 },
    cost: { usd: 0.5 },
    madeFrom: [{ role: "points", name: "points", state: "present" }],
    usedBy: 0,
    tags: ["paper"],
    isPinned: false,
  });
  expect(JSON.parse(answer.record?.text ?? "")).toMatchObject({ address: addressOf(2) });
  expect(answer.commands.typescript).toBe('estimator({"points":{"n":10},"z":2,"kind":"wide"}, { dataDir: "my data" })');
  expect(answer.commands.shell).toBe(`persistable show estimator/${addressOf(2).slice(0, 12)} --data-dir 'my data'`);
  const upstream = answer.madeFrom[0]?.address ?? "";
  expect((await ask("/api/artifact", `address=${upstream}`)).usedBy).toBe(4);
  expect((await ask("/api/dependents", `address=${upstream}&limit=1`)).total).toBe(4);
});

test("a failure has its problem, with what is invisible in it shown", async () => {
  const { artifact, payload } = await ask("/api/artifact", `address=${addressOf(-1)}`);
  expect([artifact.state, artifact.problem, payload]).toEqual(["failed", "singular \\u202ematrix", undefined]);
  const { failed, runs, inFlight, unreadable } = await ask("/api/trouble");
  expect(failed.rows.map(({ address }) => address)).toEqual([addressOf(-1)]);
  expect(runs.rows.map(({ state }) => state)).toEqual(["failed"]);
  expect([inFlight.total, unreadable.total]).toEqual([0, 0]);
});

describe("a payload", () => {
  const address = points({ n: 10 }).address;

  test("is previewed and verified, and a table is read in windows", async () => {
    const { preview } = await ask("/api/preview", `address=${address}`);
    expect(preview).toMatchObject({ kind: "table", columnCount: 2, rowCount: 10 });
    expect(await ask("/api/verify", `address=${address}`)).toMatchObject({ isIntact: true, damaged: [] });
    const window = await ask("/api/table", `address=${address}&offset=8&limit=5&columns=text`);
    expect(window).toMatchObject({ total: 10, offset: 8, columnCount: 2, rows: [["row 8"], ["row 9"]] });
  });

  test("that is not a table has no rows", async () => {
    const response = await visitor.get(`/api/table?address=${addressOf(1)}`);
    const { error }: ErrorAnswer = JSON.parse(await response.text());
    expect([response.status, error.code]).toEqual([422, "EXPLORER_NOT_POSSIBLE"]);
  });

  test("is downloaded whole, and never shown", async () => {
    for (const kind of ["png", "svg", "html"] as const) {
      const response = await visitor.get(`/api/payload?address=${picture({ kind }).address}`);
      expect(response.headers.get("content-type")).toBe("application/octet-stream");
      expect(response.headers.get("content-disposition")).toMatch(
        /^attachment; filename="picture-[0-9a-f]{8}[\w.-]*"$/,
      );
      const body = Buffer.from(await response.arrayBuffer());
      expect(body.equals(Buffer.from(await picture({ kind }, { dataDir: folder.path, logger }).payload))).toBe(true);
    }
  });

  test("is shown as a picture only if its bytes are one", async () => {
    const shown = await visitor.get(`/api/image?address=${picture({ kind: "png" }).address}`);
    expect([shown.status, shown.headers.get("content-type")]).toEqual([200, "image/png"]);
    expect(Buffer.from(await shown.arrayBuffer()).equals(png)).toBe(true);
    for (const kind of ["svg", "html"] as const)
      expect((await visitor.get(`/api/image?address=${picture({ kind }).address}`)).status).toBe(422);
  });
});

test("artifacts are compared field by field", async () => {
  const { artifacts, rows, differing, total, left } = await ask(
    "/api/compare",
    `a=${addressOf(1)}&a=${addressOf(3)}&a=${addressOf(-1)}`,
  );
  expect(artifacts.map(({ address }) => address)).toEqual([addressOf(1), addressOf(3)]);
  expect(left).toMatchObject([{ text: addressOf(-1) }]);
  expect(rows.find(({ path }) => path === "params.z")).toEqual({
    path: "params.z",
    group: "params",
    cells: [{ value: 1 }, { value: 3 }],
    isSame: false,
  });
  expect(rows.slice(0, differing).every(({ isSame }) => !isSame)).toBe(true);
  expect(rows).toHaveLength(total);
});

test("a graph is drawn artifact by artifact, or by name", async () => {
  const one = await ask("/api/graph", `of=${addressOf(2)}`);
  expect(one.nodes.map(({ kind, name }) => [kind, name])).toEqual([
    ["artifact", "estimator"],
    ["artifact", "points"],
  ]);
  expect(one.edges).toEqual([{ from: points({ n: 10 }).address, to: addressOf(2), role: "points", count: 1 }]);
  const down = await ask("/api/graph", `of=${points({ n: 10 }).address}&up=0&down=5&limit=3`);
  expect([down.artifacts, down.isGrouped, down.groupedBecause]).toEqual([
    5,
    true,
    expect.stringContaining("5 artifacts"),
  ]);
  expect(down.nodes).toContainEqual({
    ...{ kind: "name", id: "name:estimator", name: "estimator", count: 4, hasRoot: false, query: "estimator" },
    states: { present: 3, failed: 1 },
  });
  expect(down.edges).toEqual([{ from: "name:points", to: "name:estimator", role: "points", count: 4 }]);
  const file = await visitor.get(`/api/graph-file?of=${addressOf(2)}&format=mermaid`);
  expect(await file.text()).toMatch(/^flowchart LR/);
});

test("a run is a waterfall with its critical path", async () => {
  const { total, rows } = await ask("/api/runs");
  expect([total, rows[0]?.state, rows[0]?.generated, rows[0]?.failed]).toEqual([1, "failed", 4, 1]);
  const { run, nodes, lanes, criticalPath, fromMs, untilMs, cursor } = await ask("/api/run", `id=${rows[0]?.runId}`);
  expect([run.runId, nodes.total]).toEqual([rows[0]?.runId, 5]);
  expect(nodes.rows.map(({ outcome }) => outcome).sort()).toEqual(["failed", ...Array(4).fill("generated")]);
  expect(nodes.rows.find(({ outcome }) => outcome === "failed")?.error?.message).toBe("singular \\u202ematrix");
  expect(lanes).toBeGreaterThan(0);
  expect(criticalPath[0]).toBe(points({ n: 10 }).address);
  expect(nodes.rows.filter(({ isCritical }) => isCritical)).toHaveLength(criticalPath.length);
  expect(untilMs).toBeGreaterThanOrEqual(fromMs);
  expect(cursor).toBeGreaterThan(0);
});

test("a sweep has its axes, measures and points", async () => {
  const { axes, measures, points: drawn, total } = await ask("/api/sweep", "name=estimator&query=state%3Dpresent");
  expect(axes).toEqual([{ field: "z", isNumeric: true, values: [1, 2, 3], distinct: 3 }]);
  expect(measures).toEqual(["summary.k", "cost.usd", "took", "size", "created"]);
  expect([total, drawn.map(({ at, measures: [k] }) => [at[0], k]).sort()]).toEqual([
    3,
    [
      [1, 2],
      [2, 4],
      [3, 6],
    ],
  ]);
});

test("why tells what is near to what is not there", async () => {
  const missing = await ask("/api/why", "name=estimator&param=z%3D5");
  expect(missing).toMatchObject({
    state: "missing",
    params: { z: 5, kind: "wide", points: { n: 10 } },
    reason: expect.stringMatching(/^z: 5, nearest artifact has [123]$/),
    compared: 3,
  });
  expect(missing.nearest.map(({ changes }) => changes.map(({ path }) => path))).toEqual([["z"], ["z"], ["z"]]);
  const upstream = await ask("/api/why", "name=estimator&param=points.n%3D11&param=z%3D3");
  expect(upstream.changes).toEqual([{ path: "points.n", value: 11, nearestValue: 10 }]);
  const there = await ask("/api/why", "name=estimator&param=z%3D3");
  expect([there.state, there.artifact?.address]).toEqual(["present", addressOf(3)]);
  const failed = await ask("/api/why", `address=${addressOf(-1)}`);
  expect([failed.state, failed.changes[0]?.path]).toEqual(["failed", "z"]);
  expect((await ask("/api/why", `address=${points({ n: 10 }).address}`)).downstream).toEqual([
    { name: "estimator", count: 4 },
  ]);
});

test("a name has sums, a history, its failures and the end of its log", async () => {
  const answer = await ask("/api/name", "name=estimator");
  expect([answer.total, answer.cost, answer.failures.total, answer.history.rows.length]).toEqual([
    4,
    { usd: 1.5 },
    1,
    4,
  ]);
  expect(answer.sizeBytes).toBeGreaterThan(0);
  expect(answer.logTail.join("\n")).toContain("singular");
});

test("the disk page counts every byte, and a policy removes nothing", async () => {
  const disk = await ask("/api/disk");
  expect(disk.names.rows.map(({ name }) => name).sort()).toEqual(["estimator", "picture", "points"]);
  expect(disk.byAge.map(({ artifacts }) => artifacts)).toEqual([7, 0, 0, 0, 0]);
  expect(disk.byLastUse.reduce((sum, { artifacts }) => sum + artifacts, 0)).toBe(7);
  const { removes, keeps, decisions, keepReasons, commands } = await ask("/api/collection", "olderThan=0s");
  expect([removes.artifacts, keeps.artifacts, decisions.total]).toEqual([5, 2, 5]);
  expect(keepReasons.map(({ code, count }) => [code, count]).sort()).toEqual([
    ["tagged", 1],
    ["upstream", 1],
  ]);
  expect(commands.shell).toBe("persistable gc --older-than 0s --data-dir 'my data'");
  expect((await ask("/api/store")).total).toBe(8);
});

test("all artifacts of a query are one file", async () => {
  const file = async (format: string) =>
    (await visitor.get(`/api/artifacts-file?query=estimator&sort=z&columns=z&columns=kind&format=${format}`)).text();
  const lines = (await file("csv")).trimEnd().split("\r\n");
  expect(lines[0]).toBe("address,name,state,createdAt,durationMs,sizeBytes,format,version,draw,z,kind");
  expect(lines.slice(1).map((line) => line.split(",").at(-2))).toEqual(["-1", "1", "2", "3"]);
  expect(JSON.parse(await file("json"))).toHaveLength(4);
  expect((await file("md")).split("\n")).toHaveLength(7);
});

test("a damaged record and one that was removed meanwhile are told, and the rest is answered", async () => {
  const late = estimator({ z: 9, kind: "late", points: { n: 10 } }, { dataDir: folder.path, logger });
  await late.payload;
  const record = folder.join(recordPath("estimator", late.address));
  await writeFile(record, "not a record");
  await expect.poll(async () => (await ask("/api/trouble")).unreadable.total).toBe(1);
  expect((await ask("/api/artifact", `address=${late.address}`)).artifact.state).toBe("damaged");
  const preview = await visitor.get(`/api/preview?address=${late.address}`);
  expect(preview.status).toBe(404);
  await rm(record);
  await rm(folder.join(failurePath("estimator", late.address)), { force: true });
  await expect.poll(async () => (await ask("/api/trouble")).unreadable.total).toBe(0);
  expect((await visitor.get(`/api/artifact?address=${late.address}`)).status).toBe(404);
});
