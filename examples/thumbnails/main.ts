import { parseArgs } from "node:util";
import { contactSheet } from "./pictures.ts";

// main.js [--data-dir folder] [--columns 4] [--max-side 160] [--count 12]
const { values } = parseArgs({
  options: {
    "data-dir": { type: "string", default: "example-data" },
    columns: { type: "string", default: "4" },
    "max-side": { type: "string", default: "160" },
    count: { type: "string", default: "12" },
  },
});

const sheet = contactSheet(
  {
    columns: Number(values.columns),
    thumbnails: { maxSide: Number(values["max-side"]), drawings: { count: Number(values.count) } },
  },
  {
    dataDir: values["data-dir"],
    onEvent: (event) => {
      if (event.type === "generated") console.log(`${event.name} generated in ${Math.round(event.durationMs)} ms`);
      if (event.type === "hit") console.log(`${event.name} loaded`);
    },
  },
);
console.log(`The sheet: ${await sheet.payload}`);
