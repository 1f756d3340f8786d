import type { TopLevelSpec } from "vega-lite";

/** The figures of one evaluation that the plot shows. */
export interface PlottedRow {
  readonly stemming: boolean;
  readonly weighting: string;
  readonly topicCount: number;
  readonly topicShare: number;
  readonly ndcg10: number;
}

/**
 * nDCG@10 over the share of the topics: a line for each number of topics, a picture for each
 * weighting and kind of words.
 */
export function describePlot(rows: readonly PlottedRow[]): TopLevelSpec {
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: "white",
    data: {
      values: rows.map((row) => ({ ...row, words: row.stemming ? "stems" : "whole words" })),
    },
    facet: {
      column: { field: "weighting", type: "nominal", title: null, header: { labelFontSize: 13 } },
      row: { field: "words", type: "nominal", title: null, header: { labelFontSize: 13 } },
    },
    spec: {
      width: 260,
      height: 170,
      mark: { type: "line", point: { size: 28 }, strokeWidth: 2 },
      encoding: {
        x: { field: "topicShare", type: "quantitative", title: "share of the topics in a score" },
        y: { field: "ndcg10", type: "quantitative", title: "nDCG@10", scale: { zero: false } },
        color: { field: "topicCount", type: "ordinal", title: "topics", scale: { scheme: "viridis" } },
      },
    },
    config: { font: "sans-serif" },
  };
}

/** The plot as SVG; the same rows give the same text. */
export async function renderPlot(rows: readonly PlottedRow[]): Promise<string> {
  const [vega, { compile }] = await Promise.all([import("vega"), import("vega-lite")]);
  const view = new vega.View(vega.parse(compile(describePlot(rows)).spec), { renderer: "none" });
  const svg = await view.toSVG();
  view.finalize();
  return `${svg}\n`;
}
