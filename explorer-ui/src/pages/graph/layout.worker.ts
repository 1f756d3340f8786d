import { layOut } from "./lay-out.ts";
import type { LayoutQuestion } from "./layout.ts";

// Laying out hundreds of nodes takes a while, in which the page has to answer.
self.addEventListener("message", ({ data }: MessageEvent<LayoutQuestion>) => {
  self.postMessage(layOut(data));
});
