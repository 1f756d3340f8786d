import { expect, test } from "vitest";
import { toDot, toMermaid } from "../../src/inspect/draw-lineage.ts";
import { lineage } from "../../src/inspect/lineage.ts";
import { openArtifact } from "../../src/inspect/open-artifact.ts";
import { definePersistable, typedParams } from "../../src/persistable/define-persistable.ts";
import { diffAll } from "../../src/pipeline/compare/diff-all.ts";
import type { ArtifactRecord } from "../../src/record/record.ts";
import { memoryStore } from "../../src/store/memory-store.ts";

const points = definePersistable({
  name: "points",
  params: typedParams<{ n: number; axis?: { x: number } }>(),
  generate: ({ params }) => params.n,
});
const estimator = definePersistable({
  name: 'esti"mator <b>#\u001b[2J',
  dependencies: { train: points, test: points },
  params: typedParams<{ z: number }>(),
  summarize: (payload) => ({ k: Number(payload) }),
  generate: async ({ params, dependencies }) => params.z + (await dependencies.train.payload),
});
const report = definePersistable({
  name: "report",
  dependencies: { estimator },
  generate: async ({ dependencies }) => dependencies.estimator.payload,
});

const dataDir = memoryStore();

async function recordOf(persistable: {
  readonly address: string;
  readonly payload: Promise<unknown>;
}): Promise<ArtifactRecord> {
  await persistable.payload;
  return (await openArtifact(dataDir, persistable.address)).record;
}

const shared = { train: { n: 1 }, test: { n: 2 } };
const reportOf = (z: number) => report({ estimator: { z, ...shared } }, { dataDir });
const estimatorOf = (z: number) => estimator({ z, ...shared }, { dataDir });

test("a lineage goes up from one record, as far as it is told", async () => {
  const record = await recordOf(reportOf(1));
  const whole = lineage([record]);
  expect(whole.nodes.map(({ name, isRoot, hasRecord }) => [name, isRoot, hasRecord])).toEqual([
    ["report", true, true],
    ['esti"mator <b>#\u001b[2J', false, false],
    ["points", false, false],
    ["points", false, false],
  ]);
  expect(whole.edges.map(({ role }) => role).sort()).toEqual(["estimator", "test", "train"]);
  expect(lineage([record], { depth: 1 }).nodes).toHaveLength(2);
  expect(lineage([record], { depth: 0 })).toMatchObject({ nodes: [{ name: "report" }], edges: [] });
  expect(lineage([record], { up: false }).nodes).toHaveLength(1);
  expect(lineage([]).nodes).toEqual([]);
});

test("a lineage goes down among the records that it is given", async () => {
  const records = await Promise.all([1, 2].flatMap((z) => [recordOf(reportOf(z)), recordOf(estimatorOf(z))]));
  const first = await recordOf(points({ n: 1 }, { dataDir }));
  const down = lineage([first], { down: true, records });
  expect(down.nodes.map(({ name }) => name).sort()).toEqual(
    ["points", "report", "report", estimator.payloadName, estimator.payloadName].sort(),
  );
  expect(lineage([first], { down: true, depth: 1, records }).nodes).toHaveLength(3);
  expect(lineage([first], { down: true }).nodes).toHaveLength(1);
});

test("a lineage is drawn, whatever a name holds", async () => {
  const record = await recordOf(reportOf(1));
  const graph = lineage([record]);
  const mermaid = toMermaid(graph);
  expect(mermaid.split("\n")[0]).toBe("flowchart LR");
  expect(mermaid).toContain(`n0(["report ${record.address.slice(0, 8)}"])`);
  expect(mermaid).toContain('"esti#34;mator #60;b#62;#35;#92;u001b[2J');
  expect(mermaid.match(/-->/g)).toHaveLength(3);
  const dot = toDot(graph);
  expect(dot).toContain('label="esti\\"mator <b>#\\\\u001b[2J');
  expect(dot.match(/->/g)).toHaveLength(3);
  const grouped = toMermaid(graph, { isGrouped: true });
  expect(grouped).toContain('["points ×2"]');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(mermaid + dot + grouped).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
});

test("records stand side by side, with what differs told from what does not", async () => {
  const records = await Promise.all([1, 2, 3].map((z) => recordOf(estimatorOf(z))));
  const { rows } = diffAll(records);
  const row = (path: string) => rows.find((found) => found.path === path);
  expect(row("params.z")).toEqual({ path: "params.z", values: [1, 2, 3], isSame: false });
  expect(row("params.train.n")).toEqual({ path: "params.train.n", values: [1, 1, 1], isSame: true });
  expect(row("summary.k")).toMatchObject({ values: [2, 3, 4], isSame: false });
  expect(row("payload.format")).toMatchObject({ isSame: true });
  expect(row("payload.digest")).toMatchObject({ isSame: false });
  expect(row("provenance.node")).toMatchObject({ isSame: true });
  expect(new Set(rows.map(({ path }) => path)).size).toBe(rows.length);
});

test("records of different kinds, and what only some of them have, are compared as well", async () => {
  const records = await Promise.all([
    recordOf(points({ n: 1, axis: { x: 5 } }, { dataDir })),
    recordOf(points({ n: 1 }, { dataDir })),
    recordOf(estimatorOf(1)),
  ]);
  const { rows } = diffAll(records);
  const row = (path: string) => rows.find((found) => found.path === path);
  expect(row("name")).toMatchObject({ values: ["points", "points", estimator.payloadName], isSame: false });
  expect(row("params.axis.x")).toMatchObject({ values: [5, undefined, undefined], isSame: false });
  expect(row("params.test.n")).toMatchObject({ values: [undefined, undefined, 2], isSame: false });
  expect(diffAll([]).rows).toEqual([]);
});
