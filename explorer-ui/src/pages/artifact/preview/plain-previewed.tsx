import type { HexPreview, ImagePreview, TextPreview } from "../../../../../src/explorer/api.ts";
import { ScrollBox } from "../../../parts/scroll-box.tsx";
import { countOf, formatBytes, formatCount } from "../../../text/format.ts";

/** Text as it is, Markdown and HTML included: nothing of it is ever interpreted. */
export function TextPreviewed({ preview }: { readonly preview: TextPreview }) {
  const { head, tail, lineCount, shownBytes, totalBytes } = preview;
  const left = lineCount === undefined ? undefined : lineCount - head.length - tail.length;
  return (
    <>
      <ScrollBox label="Text of the payload">
        <pre className="payload">
          {head.join("\n")}
          {tail.length === 0 ? null : (
            <>
              <span className="gap">
                {"\n"}… {left === undefined ? "more lines" : countOf(left, "line")} not shown …{"\n"}
              </span>
              {tail.join("\n")}
            </>
          )}
        </pre>
      </ScrollBox>
      <p className="small">
        {lineCount === undefined ? "" : `${countOf(lineCount, "line")}, `}
        {formatBytes(shownBytes)} of {formatBytes(totalBytes)} shown
      </p>
    </>
  );
}

export function ImagePreviewed({
  preview: { mediaType, totalBytes, width, height },
  source,
}: {
  readonly preview: ImagePreview;
  readonly source: string | undefined;
}) {
  const size = width === undefined || height === undefined ? "" : `, ${width} × ${height} pixels`;
  const facts = `${mediaType}${size}, ${formatBytes(totalBytes)}`;
  return (
    <figure>
      {source === undefined ? null : <img className="payload-image" src={source} alt={`The payload: ${facts}`} />}
      <figcaption className="small">{facts}</figcaption>
    </figure>
  );
}

const BYTES_A_LINE = 16;

export function HexPreviewed({ preview: { hex, shownBytes, totalBytes, problem } }: { readonly preview: HexPreview }) {
  const lines = [...Array(Math.ceil(hex.length / 2 / BYTES_A_LINE)).keys()].map((line) => {
    const digits = hex.slice(line * BYTES_A_LINE * 2, (line + 1) * BYTES_A_LINE * 2);
    const bytes = digits.match(/../g) ?? [];
    const text = bytes.map((byte) => printable(Number.parseInt(byte, 16))).join("");
    return `${(line * BYTES_A_LINE).toString(16).padStart(6, "0")}  ${bytes.join(" ").padEnd(48)} ${text}`;
  });
  return (
    <>
      {problem === undefined ? null : <p className="notice">{problem}</p>}
      <ScrollBox label="Bytes of the payload">
        <pre className="payload">{lines.join("\n")}</pre>
      </ScrollBox>
      <p className="small">
        {formatCount(shownBytes)} of {formatCount(totalBytes)} bytes shown
      </p>
    </>
  );
}

function printable(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·";
}
