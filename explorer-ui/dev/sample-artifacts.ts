import type {
  ArtifactAnswer,
  ArtifactRow,
  ArtifactsAnswer,
  CompareAnswer,
  FacetsAnswer,
  PreviewAnswer,
  StoreAnswer,
} from "../../src/explorer/api.ts";

export const COMMANDS = {
  shell: "persistable ls 'estimator zThreshold>1' --sort zThreshold",
  typescript:
    'const catalog = openCatalog("example-data");\nconst { artifacts } = await catalog.find("estimator zThreshold>1");',
};

export const NOW = Date.parse("2026-11-23T10:00:00Z");

/** Sixty-four digits that look like those of an address, always the same for an index. */
export function sampleAddress(index: number): string {
  const digits = ((index + 1) * 2654435761).toString(16).padStart(8, "0").slice(-8);
  return digits.repeat(8);
}

export const ROWS: readonly ArtifactRow[] = [...Array(300).keys()].map((index) => {
  const isFailed = index % 41 === 7;
  const zThreshold = 1 + (index % 12) / 2;
  const n = [50, 100, 200, 400][Math.floor(index / 12) % 4] ?? 50;
  return {
    address: sampleAddress(index),
    name: index % 5 === 0 ? "points" : "estimator",
    state: isFailed ? "failed" : index % 97 === 5 ? "damaged" : "present",
    createdAt: new Date(NOW - index * 47_000).toISOString(),
    ...(isFailed
      ? { problem: "RangeError: the threshold is too high" }
      : { sizeBytes: 900 + index * 31, format: "structured" }),
    durationMs: 800 + ((index * 7919) % 4000),
    values: {
      ...(index % 5 === 0 ? { n } : { zThreshold, "points.n": n }),
      "points.randomState": index % 3,
      ...(isFailed ? {} : { "summary.k": Math.round(1e4 * (zThreshold * 3 + Math.sqrt(n) / 9)) / 1e4 }),
    },
  };
});

export const STORE: StoreAnswer = {
  version: "0.0.0",
  url: "file:///home/ada/study/example-data",
  shownAs: "~/study/example-data",
  cursor: "0",
  total: ROWS.length,
  names: {
    total: 2,
    offset: 0,
    rows: [
      { name: "estimator", artifacts: 240 },
      { name: "points", artifacts: 60 },
    ],
  },
  startQuery: "",
};

const COLUMNS = ["zThreshold", "points.n", "summary.k"];

export function artifacts(query: string, offset: number, columns: readonly string[]): ArtifactsAnswer {
  const found = ROWS.filter(({ name }) => query === "" || query.startsWith(name));
  return {
    query,
    all: ROWS.length,
    total: found.length,
    offset,
    sort: "",
    columns: columns.length > 0 ? columns : COLUMNS,
    rows: found.slice(offset, offset + 100),
    commands: COMMANDS,
  };
}

export const FACETS: FacetsAnswer = {
  total: ROWS.length,
  facets: [
    {
      field: "name",
      kind: "fact",
      count: 300,
      distinct: 2,
      isConstant: false,
      values: [
        { value: "estimator", count: 240, term: "estimator" },
        { value: "points", count: 60, term: "points" },
      ],
    },
    {
      field: "zThreshold",
      kind: "params",
      count: 240,
      distinct: 12,
      isConstant: false,
      values: [{ value: 2, count: 20, term: "zThreshold=2" }],
      histogram: { isTime: false, min: 1, max: 6.5, bins: [20, 20, 21, 19, 20, 20, 22, 18, 20, 20, 20, 20] },
    },
    {
      field: "points.n",
      kind: "params",
      count: 240,
      distinct: 4,
      isConstant: false,
      values: [50, 100, 200, 400].map((value) => ({ value, count: 60, term: `points.n=${value}` })),
    },
  ],
  fieldCount: 9,
  varying: [...COLUMNS, "points.randomState"],
  constants: [{ field: "points.kind", value: "normal" }],
  defaultColumns: COLUMNS,
};

export function artifact(address: string): ArtifactAnswer {
  const row = ROWS.find((each) => each.address.startsWith(address)) ?? (ROWS[1] as ArtifactRow);
  return {
    artifact: row,
    params: {
      zThreshold: 2,
      points: { n: 100, randomState: 10, since: { $date: "2026-01-01T00:00:00.000Z" } },
      verbose: true,
    },
    untracked: ["verbose"],
    summary: { k: 12.3, outliers: 4 },
    cost: { usd: 0.02 },
    provenance: { host: "vm", node: "20.20.2", git: { commit: "22353fe", isDirty: true }, source: "sha256:f0ab12cd" },
    payload: {
      format: "structured",
      sizeBytes: row.sizeBytes ?? 0,
      digest: `sha256:${"83".repeat(32)}`,
      file: `${row.address}.a1b2.bin`,
      download: `/api/payload?address=${row.address}`,
    },
    record: { text: JSON.stringify({ record: 1, name: row.name }, null, 2), totalBytes: 40 },
    madeFrom: [{ role: "points", address: sampleAddress(0), name: "points", state: "present" }],
    undeclared: [],
    usedBy: 3,
    tags: ["paper"],
    isPinned: false,
    commands: {
      ...COMMANDS,
      find: `persistable ls ${row.name} zThreshold=2 points.n=100`,
      open: 'const { record, payload } = await openArtifact("example-data", "3c6ef362");',
      cat: `persistable cat ${row.name}/${row.address.slice(0, 8)}`,
      why: `persistable why ${row.address.slice(0, 8)}`,
      graph: `persistable graph ${row.address.slice(0, 8)}`,
    },
  };
}

const HISTOGRAM = [1, 2, 4, 9, 15, 24, 30, 41, 44, 47, 45, 40, 33, 21, 16, 9, 5, 2, 1, 1];

export const PREVIEWS: readonly PreviewAnswer["preview"][] = [
  {
    kind: "tree",
    isCut: true,
    root: {
      type: "object",
      childCount: 2,
      children: [
        { key: "k", value: { type: "number", text: "12.3" } },
        {
          key: "labels",
          value: {
            type: "Map",
            childCount: 400,
            children: [{ key: "one", value: { type: "string", text: '"first"' } }],
          },
        },
      ],
    },
  },
  {
    kind: "table",
    columnCount: 2,
    rowCount: 4000,
    columns: [
      {
        name: "x",
        type: "float64",
        statistics: { count: 390, missing: 2, min: "-3.1", max: "2.9", mean: 0.02, histogram: HISTOGRAM },
      },
      { name: "label", type: "text", statistics: { count: 390, missing: 0, min: "a", max: "zebra" } },
    ],
    rows: [...Array(200).keys()].map((index) => [String(Math.sin(index)), index % 9 === 0 ? null : `row ${index}`]),
  },
  {
    kind: "array",
    type: "float64",
    shape: [400],
    count: 400,
    statistics: { count: 400, missing: 1, min: "-1.2", max: "1.3", mean: 0.01, histogram: HISTOGRAM },
    values: ["0.1", "0.2", "NaN"],
    samples: [
      [...Array(400).keys()].map((index) => (index === 40 ? null : Math.sin(index / 25) + Math.cos(index / 3) / 5)),
    ],
  },
  {
    kind: "array",
    type: "float32",
    shape: [64, 64],
    count: 4096,
    statistics: { count: 4096, missing: 0, min: "-1", max: "1", mean: 0, histogram: HISTOGRAM },
    values: ["0"],
    samples: [...Array(64).keys()].map((y) => [...Array(64).keys()].map((x) => Math.sin(x / 9) * Math.cos(y / 7))),
  },
  {
    kind: "text",
    head: ["# A report", "", "<b>never bold</b>"],
    tail: ["the end"],
    lineCount: 90_000,
    shownBytes: 60,
    totalBytes: 2_000_000,
  },
  {
    kind: "files",
    fileCount: 1200,
    totalBytes: 8_000_000,
    files: [...Array(100).keys()].map((index) => ({
      path: `images/${index}.png`,
      sizeBytes: 4000 + index,
      digest: `sha256:${index}`,
    })),
  },
  {
    kind: "hex",
    hex: "89504e470d0a1a0a0000000d49484452",
    shownBytes: 16,
    totalBytes: 5000,
    problem: "The payload is encrypted: its key is needed to show it.",
  },
];

export function preview(address: string): PreviewAnswer {
  const index = ROWS.findIndex((row) => row.address.startsWith(address));
  return {
    address,
    preview: PREVIEWS[Math.max(0, index) % PREVIEWS.length] ?? (PREVIEWS[0] as PreviewAnswer["preview"]),
    tookMs: 3,
  };
}

export function compare(addresses: readonly string[]): CompareAnswer {
  const compared = addresses.map((address) => artifact(address).artifact);
  const cells = (toValue: (index: number) => string | number) =>
    compared.map((_, index) => ({ value: toValue(index) }));
  return {
    artifacts: compared,
    left: [],
    rows: [
      { path: "params.zThreshold", group: "params", cells: cells((index) => 2 + index), isSame: false },
      { path: "summary.k", group: "summary", cells: cells((index) => 12.3 - index / 2), isSame: false },
      { path: "payload.digest", group: "payload", cells: cells((index) => `sha256:${index}`), isSame: false },
      {
        path: "provenance.createdAt",
        group: "provenance",
        cells: cells((index) => `2026-11-2${index}`),
        isSame: false,
        isAlwaysDifferent: true,
      },
      { path: "params.points.n", group: "params", cells: cells(() => 100), isSame: true },
    ],
    total: 5,
    differing: 4,
    commands: COMMANDS,
  };
}
