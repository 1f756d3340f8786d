export { withDraw, withDraws } from "../models/draws.ts";
export { type FetchOptions, persistedFetch } from "../models/persisted-fetch.ts";
