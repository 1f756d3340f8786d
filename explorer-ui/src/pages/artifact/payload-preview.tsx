import { lazy, Suspense } from "react";
import type { PreviewAnswer } from "../../../../src/explorer/api.ts";
import { useAnswer } from "../../api/use-answer.ts";
import { changeParams, useLocation } from "../../location/location.ts";
import { Answer, Loading } from "../../parts/notices.tsx";
import { FilesPreviewed } from "./preview/files-previewed.tsx";
import { HexPreviewed, ImagePreviewed, TextPreviewed } from "./preview/plain-previewed.tsx";
import { TablePreviewed } from "./preview/table-previewed.tsx";
import { TreePreviewed } from "./preview/tree-previewed.tsx";

/** Plots are loaded when there is something to plot. */
const ArrayPreviewed = lazy(async () => ({ default: (await import("./preview/array-previewed.tsx")).ArrayPreviewed }));

/** The payload as it looks: what is shown depends on its format, and its bytes are only data. */
export function PayloadPreview({ address }: { readonly address: string }) {
  const { params } = useLocation();
  const file = params.get("f") ?? undefined;
  const asked = useAnswer("/api/preview", { address, ...(file === undefined ? {} : { file }) });
  return (
    <section>
      <h2>
        Payload
        {file === undefined ? null : (
          <>
            {" "}
            <span className="mono">{file}</span>{" "}
            <button type="button" onClick={() => changeParams({ f: undefined })}>
              all files
            </button>
          </>
        )}
      </h2>
      <Answer of={asked} what="the preview">
        {(answer) => <PreviewShown {...answer} />}
      </Answer>
    </section>
  );
}

export function PreviewShown({ address, preview, image }: PreviewAnswer) {
  switch (preview.kind) {
    case "table":
      return <TablePreviewed preview={preview} address={address} />;
    case "array":
      return (
        <Suspense fallback={<Loading what="the plot" />}>
          <ArrayPreviewed preview={preview} />
        </Suspense>
      );
    case "tree":
      return <TreePreviewed preview={preview} />;
    case "text":
      return <TextPreviewed preview={preview} />;
    case "image":
      return <ImagePreviewed preview={preview} source={image} />;
    case "files":
      return <FilesPreviewed preview={preview} />;
    case "hex":
      return <HexPreviewed preview={preview} />;
  }
}
