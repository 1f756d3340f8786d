import { describe, expect, test } from "vitest";
import { type DisplayStream, openDisplay, type RunEvent } from "../../src/entry/display.ts";
import { definePersistable, memoryStore, typedParams } from "../../src/entry/index.ts";
import { run } from "../../src/entry/pipeline.ts";

/** A terminal that remembers. */
class FakeTerminal implements DisplayStream {
  readonly isTTY: boolean;
  columns = 80;
  rows = 24;
  written = "";

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  write(text: string): boolean {
    this.written += text;
    return true;
  }

  /** The lines on the screen in the end, after all moves of the cursor and all erasures. */
  get screen(): string[] {
    const lines: string[] = [""];
    let row = 0;
    let column = 0;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the language of terminals
    for (const [token] of this.written.matchAll(/\u001b\[[?\d;]*[A-Za-z]|\n|[^\n\u001b]+/g)) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the language of terminals
      const [, count = "", code] = /^\u001b\[([?\d;]*)([A-Za-z])$/.exec(token) ?? [];
      if (code === undefined && token === "\n") {
        row += 1;
        column = 0;
      } else if (code === undefined) {
        const line = (lines[row] ?? "").padEnd(column);
        lines[row] = line.slice(0, column) + token + line.slice(column + token.length);
        column += token.length;
      } else if (code === "A") row = Math.max(0, row - Number(count || 1));
      else if (code === "B") row += Number(count || 1);
      else if (code === "G") column = Number(count || 1) - 1;
      else if (code === "K") lines[row] = count === "2" ? "" : (lines[row] ?? "").slice(0, column);
      else if (code === "J") lines.length = row + 1;
      while (lines.length <= row) lines.push("");
    }
    return lines.map((line) => line.trimEnd()).filter((line) => line !== "");
  }
}

async function runWith(stream: FakeTerminal, options: { readonly color?: boolean } = {}): Promise<void> {
  const pages = definePersistable({
    name: "pages",
    params: typedParams<{ i: number }>(),
    retries: { retries: 1, minDelayMs: 1, jitter: false },
    generate: async ({ params, progress }) => {
      progress(1, 2, "half");
      await new Promise((resolve) => setTimeout(resolve, 130));
      if (params.i === 1) throw new Error("gone\nfor good");
      return params.i;
    },
  });
  const dataDir = memoryStore();
  const display = await openDisplay({ stream, live: stream.isTTY, ...options });
  const targets = [0, 1].map((i) => pages({ i }, { dataDir }));
  await run(targets, { onEvent: display.onEvent, keepGoing: "independent" }).catch(() => {});
}

describe("without a terminal", () => {
  test("each thing that happens is a plain line", async () => {
    const stream = new FakeTerminal(false);
    await runWith(stream);
    const lines = stream.written.replaceAll(/[0-9a-f]{8}…/g, "<address>").replaceAll(/\d+(\.\d+)? (ms|s)\b/g, "<time>");
    expect(lines.split("\n").slice(0, -2).sort()).toEqual([
      "2 needed: 0 there, 2 to generate",
      "attempt 1 of pages { i: 1 } <address> failed, again in <time>: Error: gone",
      "failed pages { i: 1 } <address> after 2 attempts: Error: gone",
      "generated pages { i: 0 } <address> in <time>",
    ]);
    expect(lines.split("\n").at(-2)).toBe("failed: 1 generated, 0 there already, 1 failed; in <time>");
  });
});

describe("in a terminal", () => {
  test("a block is drawn over, what matters stays, and nothing else is left", async () => {
    const stream = new FakeTerminal(true);
    await runWith(stream, { color: false });
    expect(stream.written).toContain("half");
    const screen = stream.screen.map((line) =>
      line.replaceAll(/[0-9a-f]{8}…/g, "<address>").replaceAll(/\d+(\.\d+)? (ms|s)\b/g, "<time>"),
    );
    expect(screen).toEqual([
      "attempt 1 of pages { i: 1 } <address> failed, again in <time>: Error: gone",
      "failed pages { i: 1 } <address> after 2 attempts: Error: gone",
      "failed: 1 generated, 0 there already, 1 failed; in <time>",
    ]);
  });

  test("a terminal that does not know its size, errors that cannot be described and closing early are no problem", async () => {
    const stream = new FakeTerminal(true);
    stream.columns = 0;
    stream.rows = 0;
    const display = await openDisplay({ stream, live: true, color: false });
    const base = { runId: "r", atMs: Date.now(), address: "a".repeat(64), index: 0, name: "odd" };
    display.onEvent({ ...base, type: "planned", nodes: 2, hits: 0, misses: 2, concurrency: 1 });
    display.onEvent({ ...base, type: "failed", error: Object.create(null), attempt: 1, durationMs: 1 } as RunEvent);
    display.close();
    expect(stream.screen).toEqual(["failed odd aaaaaaaa…: an error that cannot be described"]);
  });

  test.each([true, false])("what generators log on workers is shown, live: %s", async (isTTY) => {
    const stream = new FakeTerminal(isTTY);
    const display = await openDisplay({ stream, live: isTTY, color: false });
    const atMs = Date.now();
    const base = { runId: "r", atMs, address: "a".repeat(64), index: 0, name: "pages", worker: "host:7" };
    const tell = (fields: object) => display.onEvent({ ...base, ...fields } as RunEvent);
    const log = (level: string, message: string, more = {}) =>
      tell({ type: "log", lines: [{ level, message }], ...more });
    tell({ type: "planned", nodes: 1, hits: 0, misses: 1, concurrency: 1 });
    tell({ type: "started", params: "", attempt: 1, slot: 0, waitedMs: 0, dependencies: [] });
    log("warn", "the page\nis old");
    log("error", "and torn");
    // The console of this process has it already.
    log("warn", "here", { worker: undefined });
    log("info", "page 7");
    await expect.poll(() => !isTTY || stream.written.includes("page 7")).toBe(true);
    display.close();
    expect(stream.screen.filter((line) => line.includes(" of pages"))).toEqual([
      "warning of pages aaaaaaaa… on host:7: the page\\nis old",
      "error of pages aaaaaaaa… on host:7: and torn",
    ]);
  });

  test("NO_COLOR and the option are kept to", async () => {
    const plain = new FakeTerminal(true);
    await runWith(plain, { color: false });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colors
    expect(plain.written).not.toMatch(/\u001b\[3\dm/);
    const colored = new FakeTerminal(true);
    await runWith(colored, { color: true });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colors
    expect(colored.written).toMatch(/\u001b\[3\dm/);
  });
});
