import type {
  CollectionAnswer,
  DiskAnswer,
  GraphAnswer,
  NameAnswer,
  RunAnswer,
  RunNode,
  RunRow,
  RunsAnswer,
  SweepAnswer,
  TroubleAnswer,
  WhyAnswer,
} from "../../src/explorer/api.ts";
import { COMMANDS, FACETS, NOW, ROWS, sampleAddress } from "./sample-artifacts.ts";

const at = (ms: number) => new Date(NOW + ms).toISOString();
const estimators = ROWS.filter(({ name }) => name === "estimator");

export function nameOf(name: string): NameAnswer {
  const failures = ROWS.filter(({ state }) => state === "failed");
  return {
    name,
    total: estimators.length,
    facets: FACETS,
    sizeBytes: 1_400_000,
    durationMs: 610_000,
    cost: { usd: 4.8 },
    history: {
      total: estimators.length,
      offset: 0,
      rows: estimators
        .map(({ address, createdAt = at(0), durationMs = 0, sizeBytes = 0, state }) => ({
          address,
          createdAt,
          durationMs,
          sizeBytes,
          state,
        }))
        .reverse(),
    },
    failures: { total: failures.length, offset: 0, rows: failures },
    logTail: [`${at(-9000)} miss zThreshold: 5, nearest artifact has 3`, `${at(-8000)} generated in 3.2 s`],
    commands: COMMANDS,
  };
}

export const GRAPH: GraphAnswer = {
  nodes: [
    {
      kind: "name",
      id: "name:points",
      name: "points",
      count: 60,
      states: { present: 58, failed: 2 },
      hasRoot: false,
      query: "points",
    },
    {
      kind: "name",
      id: "name:estimator",
      name: "estimator",
      count: 240,
      states: { present: 230, failed: 8, damaged: 2 },
      hasRoot: true,
      query: "estimator",
    },
    {
      kind: "artifact",
      id: sampleAddress(900),
      name: "report",
      state: "present",
      isRoot: false,
      values: { title: "weekly" },
    },
    {
      kind: "artifact",
      id: sampleAddress(901),
      name: "report",
      state: "missing",
      isRoot: false,
      values: { title: "monthly" },
    },
  ],
  edges: [
    { from: "name:points", to: "name:estimator", role: "points", count: 240 },
    { from: "name:estimator", to: sampleAddress(900), role: "estimator", count: 20 },
    { from: "name:estimator", to: sampleAddress(901), role: "estimator", count: 1 },
  ],
  isGrouped: true,
  groupedBecause: "302 artifacts are more than the 300 that are drawn one by one.",
  artifacts: 302,
  shown: 302,
  limit: 300,
  commands: COMMANDS,
};

const RUN_ROW: RunRow = {
  runId: "20261123T1044-vm-912",
  state: "failed",
  startedAt: at(0),
  finishedAt: at(12_400),
  durationMs: 12_400,
  host: "vm",
  pid: 912,
  command: ["node", "study.ts"],
  concurrency: 2,
  planned: 123,
  hits: 18,
  generated: 22,
  failed: 1,
  cancelled: 4,
  savedMs: 180_000,
  cost: { usd: 0.24 },
};

export const RUNS: RunsAnswer = {
  total: 3,
  offset: 0,
  rows: [
    { ...RUN_ROW, runId: "20261123T1101-vm-950", state: "running", startedAt: at(60_000) },
    RUN_ROW,
    { ...RUN_ROW, runId: "20261122T0901-vm-17", state: "completed", failed: 0, cancelled: 0 },
  ],
  commands: COMMANDS,
};

const runNodes: readonly RunNode[] = [...Array(23).keys()].map((index) => {
  const lane = index % 2;
  const startedMs = NOW + Math.floor(index / 2) * 1000 + lane * 300;
  const isFailed = index === 20;
  return {
    address: sampleAddress(index),
    name: index % 5 === 0 ? "points" : "estimator",
    outcome: isFailed ? "failed" : "generated",
    params: `zThreshold: ${index / 2}`,
    lane,
    startedMs,
    endedMs: startedMs + 950,
    waitedMs: 100,
    durationMs: 700,
    attempts: isFailed ? 3 : 1,
    ...(isFailed ? { error: { name: "RangeError", message: "too high (pipeline.ts:17)" } } : {}),
    dependencies: index % 5 === 0 ? [] : [sampleAddress(index - (index % 5))],
    isCritical: lane === 0,
  };
});

export const RUN: RunAnswer = {
  run: RUN_ROW,
  nodes: {
    total: 24,
    offset: 0,
    rows: [
      ...runNodes,
      {
        address: sampleAddress(80),
        name: "report",
        outcome: "cancelled",
        reason: "estimator failed",
        dependencies: [],
        isCritical: false,
      },
    ],
  },
  lanes: 2,
  criticalPath: runNodes.filter(({ isCritical }) => isCritical).map(({ address }) => address),
  fromMs: NOW,
  untilMs: NOW + 12_400,
  cursor: 40,
  commands: COMMANDS,
};

export const SWEEP: SweepAnswer = {
  name: "estimator",
  query: "",
  axes: [
    { field: "zThreshold", isNumeric: true, values: [...Array(12).keys()].map((index) => 1 + index / 2), distinct: 12 },
    { field: "points.n", isNumeric: true, values: [50, 100, 200, 400], distinct: 4 },
  ],
  measures: ["summary.k", "took", "size"],
  points: estimators.slice(0, 44).map(({ address, state, values, durationMs = null, sizeBytes = null }) => ({
    address,
    state,
    at: [values.zThreshold ?? null, values["points.n"] ?? null],
    measures: [typeof values["summary.k"] === "number" ? values["summary.k"] : null, durationMs, sizeBytes],
  })),
  total: 44,
  commands: COMMANDS,
};

const [first, second] = estimators;

export const WHY: WhyAnswer = {
  name: "estimator",
  params: { zThreshold: 5, points: { n: 100 } },
  state: "missing",
  reason: "zThreshold: 5, nearest artifact has 3",
  changes: [{ path: "zThreshold", value: 5, nearestValue: 3 }],
  nearest: [first, second].flatMap((artifact) =>
    artifact === undefined ? [] : [{ artifact, changes: [{ path: "zThreshold", value: 5, nearestValue: 3 }] }],
  ),
  compared: 240,
  downstream: [{ name: "report", count: 12 }],
  expected: { durationMs: 3200, cost: { usd: 0.02 } },
  fields: [
    { field: "zThreshold", values: [1, 2, 3, 5], distinct: 12 },
    { field: "points.n", values: [50, 100, 200, 400], distinct: 4 },
  ],
  commands: COMMANDS,
};

export const DISK: DiskAnswer = {
  totalBytes: 48_000_000,
  names: {
    total: 2,
    offset: 0,
    rows: [
      {
        name: "points",
        artifacts: 60,
        recordBytes: 60_000,
        payloadBytes: 40_000_000,
        orphanBytes: 800_000,
        quarantineBytes: 0,
        otherBytes: 0,
      },
      {
        name: "estimator",
        artifacts: 240,
        recordBytes: 300_000,
        payloadBytes: 5_000_000,
        orphanBytes: 0,
        quarantineBytes: 400_000,
        otherBytes: 20_000,
      },
    ],
  },
  otherBytes: 900_000,
  indexBytes: 520_000,
  byAge: [
    { label: "today", artifacts: 200, sizeBytes: 30_000_000, query: "created>-1d" },
    { label: "this week", artifacts: 100, sizeBytes: 15_000_000, query: "created>-7d" },
    { label: "older", artifacts: 0, sizeBytes: 0 },
  ],
  byLastUse: [],
  duplicates: {
    total: 1,
    offset: 0,
    rows: [{ digest: "sha256:8376", count: 4, extraBytes: 12_000, query: "estimator" }],
  },
  extraBytes: 12_000,
  commands: COMMANDS,
};

export const COLLECTION: CollectionAnswer = {
  removes: { artifacts: 2, sizeBytes: 3_000_000, durationMs: 9000 },
  keeps: { artifacts: 298, sizeBytes: 45_000_000, durationMs: 600_000 },
  keepReasons: [
    { code: "used", text: "others are made from it", count: 12 },
    { code: "young", text: "it is younger than 30 days", count: 286 },
  ],
  decisions: {
    total: 2,
    offset: 0,
    rows: [
      {
        kind: "artifact",
        what: "estimator",
        address: sampleAddress(3),
        sizeBytes: 2000,
        reason: "45 days old, nothing is made from it",
      },
      { kind: "orphan", what: "points/ab.bin", sizeBytes: 2_998_000, reason: "no record names it" },
    ],
  },
  commands: COMMANDS,
};

const failed = ROWS.filter(({ state }) => state === "failed");
const damaged = ROWS.filter(({ state }) => state === "damaged");

export const TROUBLE: TroubleAnswer = {
  failed: { total: failed.length, offset: 0, rows: failed },
  unreadable: {
    total: damaged.length,
    offset: 0,
    rows: damaged.map((row) => ({ ...row, problem: "The record is cut off." })),
  },
  inFlight: {
    total: 1,
    offset: 0,
    rows: [{ name: "report", address: sampleAddress(900), owner: { host: "vm", pid: 912 }, since: at(-60_000) }],
  },
  quarantine: {
    total: 1,
    offset: 0,
    rows: [{ name: "points", address: sampleAddress(10), setAsideAt: at(-600_000), sizeBytes: 4096 }],
  },
  runs: { total: 1, offset: 0, rows: [RUN_ROW] },
  commands: COMMANDS,
};
