import * as Plot from "@observablehq/plot";
import { useEffect, useMemo, useRef } from "react";
import type { ArrayPreview } from "../../../../../src/explorer/api.ts";
import { Drawing } from "../../../parts/drawing/drawing.tsx";
import { PlotFigure } from "../../../parts/drawing/plot-figure.tsx";
import type { TextTable } from "../../../parts/table/table-text.ts";
import { formatCount, formatNumber } from "../../../text/format.ts";

/** Numbers as a line, or, in two dimensions, as a heat map; the numbers themselves in the table. */
export function ArrayPreviewed({ preview }: { readonly preview: ArrayPreview }) {
  const { type, shape, count, statistics, samples, values } = preview;
  const { min, max, mean, missing, histogram } = statistics;
  const summary = `${type}, ${shape.join(" × ")}: ${formatCount(count)} numbers from ${min ?? "none"} to ${max ?? "none"}, mean ${
    mean === undefined ? "none" : formatNumber(mean)
  }, ${formatCount(missing)} missing`;
  const isLine = samples.length === 1;
  return (
    <>
      <p>{summary}</p>
      <Drawing title="Numbers" summary={summary} table={isLine ? lineTable(preview) : gridTable(samples)}>
        {isLine ? <Line preview={preview} /> : <HeatMap samples={samples} label={summary} />}
      </Drawing>
      {histogram === undefined ? null : (
        <Drawing
          title="Distribution"
          summary={`How often numbers occur, from ${min} to ${max}`}
          table={histogramTable(preview)}
        >
          <Histogram preview={preview} />
        </Drawing>
      )}
      <p className="small mono">
        {values.slice(0, 20).join(", ")}
        {count > 20 ? ", …" : ""}
      </p>
    </>
  );
}

/** How many numbers lie between two samples. */
function strideOf({ count, samples }: ArrayPreview): number {
  return count / Math.max(1, samples[0]?.length ?? 1);
}

function lineTable(preview: ArrayPreview): TextTable {
  const stride = strideOf(preview);
  const rows = (preview.samples[0] ?? []).map((value, index) => [
    String(Math.floor(index * stride)),
    String(value ?? ""),
  ]);
  return { titles: ["index", "value"], rows };
}

function gridTable(samples: ArrayPreview["samples"]): TextTable {
  const width = Math.min(12, samples[0]?.length ?? 0);
  return {
    titles: ["row", ...[...Array(width).keys()].map(String)],
    rows: samples.map((row, index) => [
      String(index),
      ...row.slice(0, width).map((value) => (value === null ? "" : formatNumber(value))),
    ]),
  };
}

function histogramTable({ statistics: { min, max, histogram = [] } }: ArrayPreview): TextTable {
  const edges = binEdges(Number(min), Number(max), histogram.length);
  return {
    titles: ["from", "to", "numbers"],
    rows: histogram.map((count, index) => [
      formatNumber(edges[index] ?? 0),
      formatNumber(edges[index + 1] ?? 0),
      String(count),
    ]),
  };
}

function binEdges(min: number, max: number, bins: number): readonly number[] {
  return [...Array(bins + 1).keys()].map((index) => min + ((max - min) * index) / bins);
}

function Line({ preview }: { readonly preview: ArrayPreview }) {
  const stride = strideOf(preview);
  const points = useMemo(
    () => (preview.samples[0] ?? []).map((value, index) => ({ index: Math.floor(index * stride), value })),
    [preview, stride],
  );
  return (
    <PlotFigure
      options={{
        height: 220,
        y: { grid: true },
        marks: [Plot.lineY(points, { x: "index", y: "value", stroke: "currentColor" })],
      }}
    />
  );
}

function Histogram({ preview: { statistics } }: { readonly preview: ArrayPreview }) {
  const { min, max, histogram = [] } = statistics;
  const edges = binEdges(Number(min), Number(max), histogram.length);
  const bins = histogram.map((count, index) => ({ from: edges[index], to: edges[index + 1], count }));
  return (
    <PlotFigure
      options={{
        height: 160,
        x: { label: "value" },
        y: { grid: true, label: "numbers" },
        marks: [
          Plot.rectY(bins, { x1: "from", x2: "to", y: "count", fill: "currentColor", fillOpacity: 0.6 }),
          Plot.ruleY([0]),
        ],
      }}
    />
  );
}

/** One pixel a sample, drawn larger by the browser: small is dark, large is bright. */
function HeatMap({ samples, label }: { readonly samples: ArrayPreview["samples"]; readonly label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [height, width] = [samples.length, samples[0]?.length ?? 0];
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context === null || context === undefined || width === 0) return;
    const known = samples.flat().filter((value) => value !== null);
    const [min, max] = [
      known.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
      known.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
    ];
    const image = context.createImageData(width, height);
    samples.flat().forEach((value, index) => {
      image.data.set(
        value === null ? [128, 128, 128, 60] : shade(max === min ? 0.5 : (value - min) / (max - min)),
        index * 4,
      );
    });
    context.putImageData(image, 0, 0);
  }, [samples, width, height]);
  return <canvas ref={canvas} className="heat-map" width={width} height={height} role="img" aria-label={label} />;
}

/** From dark blue over green to yellow, as bright as the number is large. */
function shade(share: number): readonly [number, number, number, number] {
  return [
    Math.round(40 + 213 * share ** 1.6),
    Math.round(20 + 211 * share),
    Math.round(90 + 60 * (1 - (2 * share - 0.8) ** 2)),
    255,
  ];
}
