import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { delimiter } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";

const run = promisify(execFile);

/**
 * Programs of other versions of Node, as a PATH is written; the one that runs this test is always
 * among them.
 */
const others = (process.env.PERSISTABLE_NODES ?? "").split(delimiter).filter((program) => program !== "");
const nodes = [process.execPath, ...others];

/** Payloads that an older Node cannot read, and refuses with an error. */
const newer = ["float16", "modifiers"];

test(`what structured writes is read by every Node, of ${nodes.length}`, async () => {
  await using folder = await temporaryFolder();
  const child = folder.join("child.mjs");
  await build({
    entryPoints: [new URL("../support/node-versions-child.ts", import.meta.url).pathname],
    bundle: true,
    platform: "node",
    format: "esm",
    keepNames: true,
    outfile: child,
    logLevel: "silent",
  });
  const written = await Promise.all(
    nodes.map(async (node, i) => {
      const files = folder.join(String(i));
      await mkdir(files);
      await run(node, [child, "write", files]);
      return files;
    }),
  );
  for (const [writer, files] of written.entries()) {
    for (const [reader, node] of nodes.entries()) {
      const { stdout } = await run(node, [child, "read", files]);
      const outcomes = Object.entries(JSON.parse(stdout) as Record<string, string>);
      expect(outcomes.length).toBeGreaterThan(11);
      const odd = outcomes.filter(([name, outcome]) => {
        const mayBeNewer = writer !== reader && newer.includes(name) && outcome === "NewerPayloadError";
        return outcome !== "equal" && !mayBeNewer;
      });
      expect(odd, `written by ${nodes[writer]}, read by ${node}`).toEqual([]);
    }
  }
});
