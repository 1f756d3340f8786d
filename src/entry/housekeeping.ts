export type { Tag } from "../catalog/tag-file.ts";
export { exportArtifacts } from "../housekeeping/archive/export-artifacts.ts";
export { type ImportArtifactsOptions, importArtifacts } from "../housekeeping/archive/import-artifacts.ts";
export type { CopyArtifactsOptions } from "../housekeeping/artifacts-to-copy.ts";
export {
  type CollectArtifactsOptions,
  type CollectionProgress,
  type CollectionResult,
  collectArtifacts,
} from "../housekeeping/collect-artifacts.ts";
export type {
  ArtifactDecision,
  CollectionDecision,
  CollectionPlan,
  CollectionTotal,
  DebrisDecision,
  KeepReason,
  RemoveReason,
} from "../housekeeping/collection-plan.ts";
export type { CollectionPolicy } from "../housekeeping/collection-policy.ts";
export type { CopiedArtifact, CopyProgress, CopyReport } from "../housekeeping/copied-artifact.ts";
export { copyArtifacts } from "../housekeeping/copy-artifacts.ts";
export { type PlanCollectionOptions, planCollection } from "../housekeeping/plan-collection.ts";
export { listTags, pinArtifact, tagArtifact, unpinArtifact, untagArtifact } from "../housekeeping/tags.ts";
export type { VerifiedArtifact } from "../housekeeping/verified-artifact.ts";
export {
  type VerificationProgress,
  type VerificationReport,
  type VerifyArtifactsOptions,
  verifyArtifacts,
} from "../housekeeping/verify-artifacts.ts";
