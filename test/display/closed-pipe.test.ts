import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { writeQuietly } from "../../src/util/write-quietly.ts";
import type { ClosedPipeInput } from "../support/closed-pipe-child.ts";
import { buildChild } from "../support/run-child.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const ways = ["plain", "live", "verbose", "warnings", "json lines"] as const;

describe.skipIf(process.platform === "win32")("a run whose standard error nobody reads any more", () => {
  it.each(ways)("goes on and comes to its end: %s", async (way) => {
    await using folder = await temporaryFolder();
    const done = folder.join("done.json");
    const input: ClosedPipeInput = { dataDir: folder.join("data"), way, done };
    const file = await buildChild("test/support/closed-pipe-child.ts");
    // A pipe of the shell, since that is what users have; `head` leaves when the first line has
    // come.
    const shell = 'set -o pipefail; "$0" "$@" 2>&1 >/dev/null | head -1 >/dev/null';
    const args = ["-c", shell, process.execPath, file, JSON.stringify(input)];
    const [code] = await once(spawn("bash", args, { stdio: "ignore" }), "exit");
    expect(existsSync(done) ? JSON.parse(readFileSync(done, "utf8")) : undefined).toEqual({ generated: 1, payload: 1 });
    expect(code).toBe(0);
  });

  it("goes on where it was closed before the first line", async () => {
    await using folder = await temporaryFolder();
    const done = folder.join("done.json");
    const input: ClosedPipeInput = { dataDir: folder.join("data"), way: "verbose", done };
    const file = await buildChild("test/support/closed-pipe-child.ts");
    const child = spawn(process.execPath, [file, JSON.stringify(input)], { stdio: ["ignore", "ignore", "pipe"] });
    child.stderr.destroy();
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(existsSync(done)).toBe(true);
  });
});

describe("writing quietly", () => {
  it("hands on a mistake in the stream, and not what the system says", () => {
    let written = 0;
    const failing = (error: Error) => ({
      write() {
        written++;
        throw error;
      },
    });
    expect(() => writeQuietly(failing(new TypeError("text.foo is not a function")), "a")).toThrow(TypeError);
    const gone = failing(Object.assign(new Error("EIO"), { code: "EIO" }));
    writeQuietly(gone, "a");
    writeQuietly(gone, "b");
    expect(written).toBe(2);
  });
});
