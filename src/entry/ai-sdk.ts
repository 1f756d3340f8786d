export type { CallUsage, Prices, TokenPrices } from "../models/call-cost.ts";
export { withDraw, withDraws } from "../models/draws.ts";
export type { AnyModel, ContentPart, ModelCall } from "../models/model.ts";
export type { CallMode, GivenAnswer, ModelOptions } from "../models/model-options.ts";
export type { CallMark } from "../models/open-call.ts";
export { type ModelMiddleware, persistMiddleware, persistModel, type WrappedCall } from "../models/persist-model.ts";
