export { type BullmqOptions, bullmq } from "../../engine/bullmq/bullmq.ts";
export type { Engine } from "../../engine/engine.ts";
export { MissingPeerError } from "../../errors/peer-errors.ts";
export {
  EngineUnreachableError,
  NoWorkersError,
  VersionSkewError,
  WorkerLostError,
} from "../../errors/worker-errors.ts";
