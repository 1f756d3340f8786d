import { useEffect, useState } from "react";
import type { GraphAnswer } from "../../../../src/explorer/api.ts";
import { isFile } from "../../exported/exported-data.ts";

export const NODE_WIDTH = 200;
export const NODE_HEIGHT = 58;

/** The question to the worker; its answer is the upper left corner of each node. */
export interface LayoutQuestion {
  readonly nodes: readonly string[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
  readonly width: number;
  readonly height: number;
}

export type LayoutResult = ReadonlyMap<string, { readonly x: number; readonly y: number }>;

/** The places of all nodes, once the worker has found them. */
export function useLayout({ nodes, edges }: GraphAnswer): LayoutResult | undefined {
  const [result, setResult] = useState<LayoutResult>();
  const shape = JSON.stringify([nodes.map(({ id }) => id), edges.map(({ from, to }) => [from, to])]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the shape of the graph decides, whatever its nodes hold.
  useEffect(() => {
    const question: LayoutQuestion = {
      nodes: nodes.map(({ id }) => id),
      edges: edges.map(({ from, to }) => ({ from, to })),
      width: NODE_WIDTH,
      height: NODE_HEIGHT,
    };
    if (isFile) {
      // A file has no address from which a worker could be loaded.
      void import("./lay-out.ts").then(({ layOut }) => setResult(layOut(question)));
      return;
    }
    const worker = new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<LayoutResult>) => setResult(data));
    worker.postMessage(question);
    return () => worker.terminate();
  }, [shape]);
  return result;
}
