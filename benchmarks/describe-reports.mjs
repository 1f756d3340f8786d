// @ts-check
import { styleText } from "node:util";

/** @typedef {import("./benchmark.ts").BenchmarkReport} BenchmarkReport */
/** @typedef {import("./benchmark.ts").BenchmarkRow} BenchmarkRow */

/**
 * @param {{ node: string, platform: string, cpu: string, cores: number, memoryBytes: number }} machine
 */
export function describeMachine({ node, platform, cpu, cores, memoryBytes }) {
  return `Node ${node}, ${platform}, ${cores} x ${cpu}, ${Math.round(memoryBytes / 2 ** 30)} GiB`;
}

const HEAD = ["case", "ours", "peer", "theirs", "ratio", "lowest", "CPU", "goal"];

/**
 * For a terminal: aligned, and in color where that is one.
 *
 * @param {readonly BenchmarkReport[]} reports
 */
export function describeReports(reports) {
  return reports.map(describeReport).join("\n\n");
}

/** @param {BenchmarkReport} report */
function describeReport({ name, rows, notes = [] }) {
  const lines = [HEAD, ...rows.map(cellsOf)];
  const widths = HEAD.map((_, column) =>
    Math.max(...lines.map((cells) => /** @type {string} */ (cells[column]).length)),
  );
  const text = lines.map((cells, line) => {
    const padded = cells.map((cell, column) => {
      const width = /** @type {number} */ (widths[column]);
      return column === 0 || column === 2 ? cell.padEnd(width) : cell.padStart(width);
    });
    return colored(padded.join("  ").trimEnd(), line === 0 ? undefined : rows[line - 1]);
  });
  return [inColor("bold", name), ...text, ...notes.map((note) => `note: ${note}`)].join("\n");
}

/** @param {BenchmarkRow} row */
function cellsOf({ case: what, ours, unit, peer, peerValue, ratio, lowRatio, cpuRatio, goal }) {
  return [
    what,
    withUnit(ours, unit),
    peer ?? "",
    peerValue === undefined ? "" : withUnit(peerValue, unit),
    ...[ratio, lowRatio, cpuRatio].map((one) => (one === undefined ? "" : `${one.toFixed(2)}x`)),
    goal === undefined ? "" : `<= ${ratio === undefined ? withUnit(goal, unit) : `${goal}x`}`,
  ];
}

/**
 * @param {string} text
 * @param {BenchmarkRow | undefined} row - none for the head of the table
 */
function colored(text, row) {
  if (row === undefined) return inColor("dim", text);
  if (row.goal === undefined) return text;
  return inColor(isReached(row) ? "green" : "red", text);
}

/** @param {BenchmarkRow} row */
function isReached({ ours, ratio, goal }) {
  return goal === undefined || (ratio ?? ours) <= goal;
}

/**
 * @param {"bold" | "dim" | "green" | "red"} color
 * @param {string} text
 */
function inColor(color, text) {
  return process.stdout.isTTY && !process.env.NO_COLOR ? styleText(color, text) : text;
}

/**
 * @param {number} value
 * @param {string} unit
 */
function withUnit(value, unit) {
  // A percent matters in a share of the payload, so three decimals are shown.
  if (unit.startsWith("x ")) return `${value.toFixed(3)}${unit}`;
  return `${value >= 100 ? Math.round(value) : value.toPrecision(value >= 10 ? 3 : 2)} ${unit}`;
}

/**
 * For docs/figures.md.
 *
 * @param {string} machine
 * @param {readonly BenchmarkReport[]} reports
 */
export function markdownTable(machine, reports) {
  const lines = [`Medians of interleaved runs (${machine}); \`npm run bench\` measures them again.`, ""];
  lines.push("| | case | ours | peer | theirs | ratio | lowest | CPU | goal |");
  lines.push("|---|---|---:|---|---:|---:|---:|---:|---:|");
  for (const { name, rows } of reports) {
    for (const row of rows) lines.push(`| ${name} | ${cellsOf(row).join(" | ")} |`);
  }
  const notes = reports.flatMap(({ name, notes = [] }) => notes.map((note) => `- ${name}: ${note}`));
  if (notes.length > 0) lines.push("", ...notes);
  return lines.join("\n");
}
