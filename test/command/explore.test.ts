import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { browserCommand, hasDesktop } from "../../src/command/core/open-browser.ts";
import { persistable } from "./run-in-process.ts";

test.each([
  [["--host", "0.0.0.0"], "needs a token"],
  [["--token", "short"], "can be guessed"],
  [["--port", "many"], "is not a whole number"],
  [["size>big"], "is not a size"],
  [["--host", "203.0.113.1", "--token", "0123456789abcdef"], "is not an address of this machine"],
  [["--data-dir", "s4://nowhere"], "is not a place to keep artifacts"],
])("explore %j is refused with what to do", async (args, problem) => {
  const { exit, out, err } = await persistable(["explore", "--no-open", ...args]);
  expect([exit, out]).toEqual([2, ""]);
  expect(err).toContain(problem);
});

test("a port that is in use is refused", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const { exit, err } = await persistable(["explore", "--no-open", "--port", String(port)]);
  server.close();
  expect([exit, err]).toEqual([2, expect.stringContaining(`Port ${port} is in use`)]);
});

test("the browser is opened where the user sees it, and without a shell", () => {
  expect(hasDesktop({ DISPLAY: ":0" }, "linux")).toBe(true);
  expect(hasDesktop({ WAYLAND_DISPLAY: "wayland-0" }, "linux")).toBe(true);
  expect(hasDesktop({}, "linux")).toBe(false);
  expect(hasDesktop({}, "darwin")).toBe(true);
  expect(hasDesktop({ SSH_CONNECTION: "1 2 3 4" }, "darwin")).toBe(false);
  expect(hasDesktop({ DISPLAY: ":0", CI: "1" }, "linux")).toBe(false);
  const url = "http://127.0.0.1:1/?token=a&b";
  for (const platform of ["linux", "darwin", "win32"] as const) {
    const [program, ...args] = browserCommand(url, platform);
    expect(program).not.toMatch(/^(?:cmd|sh|bash)/);
    expect(args).toContain(url);
  }
});
