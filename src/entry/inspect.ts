export { CorruptArtifactError, UnresolvedArtifactError } from "../errors/artifact-errors.ts";
export type {
  ArrayPreview,
  ColumnPreview,
  ColumnStatistics,
  FilesPreview,
  HexPreview,
  ImagePreview,
  Preview,
  PreviewLimits,
  PreviewNode,
  TablePreview,
  TextPreview,
  TreePreview,
} from "../format/preview.ts";
export { defaultPreviewLimits } from "../format/preview.ts";
export { bytesSource } from "../inspect/bytes-source.ts";
export { type DrawLineageOptions, toDot, toMermaid } from "../inspect/draw-lineage.ts";
export {
  type Lineage,
  type LineageEdge,
  type LineageNode,
  type LineageOptions,
  lineage,
} from "../inspect/lineage.ts";
export {
  type OpenArtifactOptions,
  type OpenedArtifact,
  openArtifact,
  type Verification,
} from "../inspect/open-artifact.ts";
export { type OwnFormat, previewOf } from "../inspect/preview-of.ts";
