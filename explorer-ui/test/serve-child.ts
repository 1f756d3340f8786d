import { startExplorer } from "../../src/explorer/start-explorer.ts";

/** Serves a data directory until it is killed: `node serve-child.ts DATA PAGE PORT TOKEN`. */
const [dataDir = "", pageFolder = "", port = "0", token = ""] = process.argv.slice(2);
const explorer = await startExplorer({
  ...{ dataDir, pageFolder, token, shownAs: "example-data", startQuery: "", port: Number(port) },
});
process.stdout.write(`${explorer.url}\n`);
