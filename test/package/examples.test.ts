import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { satisfies } from "semver";
import { afterAll, beforeAll, describe, expect, inject, it, test } from "vitest";
import { installTarballs } from "../support/pack-package.ts";
import { CREDENTIALS, createBucket, startMoto } from "../support/servers/s3-servers.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const workspace = realpathSync(mkdtempSync(join(tmpdir(), "persistable-examples-")));
const installed = join(workspace, "installed");

/** The folders of examples/ that people take out of the repository. */
const names = readdirSync(join(root, "examples")).filter((name) =>
  existsSync(join(root, "examples", name, "package.json")),
);

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

beforeAll(() => {
  mkdirSync(installed);
  writeFileSync(join(installed, "package.json"), '{ "private": true }\n');
  installTarballs(installed, inject("tarballs"));
});
afterAll(() => rmSync(workspace, { recursive: true, force: true }));

/**
 * Takes an example out of the repository, and installs what its package.json names and nothing
 * else: the packed package, and the others as the repository has them.
 */
function takeOut(name: string): string {
  const folder = join(workspace, name);
  cpSync(join(root, "examples", name), folder, {
    recursive: true,
    filter: (path) => !["data", "build", "example-data"].some((left) => path.endsWith(`/${left}`)),
  });
  const modules = join(folder, "node_modules");
  cpSync(join(installed, "node_modules"), modules, { recursive: true });
  for (const [dependency, range] of Object.entries(readManifest(folder).dependencies)) {
    const own = join(modules, dependency);
    if (!existsSync(own)) {
      mkdirSync(dirname(own), { recursive: true });
      symlinkSync(join(root, "node_modules", dependency), own, "junction");
    }
    const { version } = readManifest(own);
    expect([dependency, range, satisfies(version, range)]).toEqual([dependency, range, true]);
  }
  return folder;
}

/** Does what `npm start -- …args` does, and gives what the program prints and how it ends. */
function start(folder: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const tsx = join(folder, "node_modules/tsx/dist/cli.mjs");
  const child = spawn(process.execPath, [tsx, "main.ts", ...args], {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: "", AI_SDK_LOG_WARNINGS: "false", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  let complaints = "";
  child.stdout.on("data", (piece) => {
    printed += piece;
  });
  child.stderr.on("data", (piece) => {
    complaints += piece;
  });
  const ended = once(child, "close").then(([exitCode]) => ({ exitCode, printed, complaints }));
  return { child, ended, printed: () => printed };
}

/** Each example says this in its first and in its second run. */
const said: Record<string, { args?: string[]; first: RegExp; second?: RegExp }> = {
  "document-answers": {
    first: /Honey keeps for many years.*\(bees.md.*embedded 9 texts, and answered 2/s,
    second: /Honey keeps for many years.*\(bees.md.*embedded 0 texts, and answered 0/s,
  },
  "gaussian-points": {
    first: /mean 0.48534879111973994, standard deviation 0.27497659243084727\n1.5 is an outlier: true/,
    second: /mean 0.48534879111973994/,
  },
  "license-tables": { first: /asked of the CSV and the Parquet file/ },
  "own-engine": { first: /4 generated/ },
  "prompt-evaluation": { first: /The model was asked 48 times/, second: /The model was asked 0 times/ },
  "simulation-study": {
    args: ["--people", "2000", "--draws", "2"],
    first: /24 artifacts are needed: 0 there, 24 to generate.*everInfected/s,
    second: /12 artifacts are needed, all there.*everInfected/s,
  },
  "sqlite-store": { args: ["--below", "1000"], first: /primes: generated\n168/, second: /primes: hit\n168/ },
  thumbnails: {
    args: ["--count", "2"],
    first: /drawings generated in .*The sheet: /s,
    second: /^contact-sheet loaded\nThe sheet: /,
  },
};

describe("an example that is taken out of the repository, and installed", () => {
  it.each(Object.entries(said))("runs, and loads what it has made: %s", async (name, { args = [], first, second }) => {
    const folder = takeOut(name);
    for (const expected of second === undefined ? [first] : [first, second]) {
      const { exitCode, printed, complaints } = await start(folder, args).ended;
      expect([name, exitCode, complaints.replace(/^\d{4}-.*\n/gm, "")]).toEqual([name, 0, ""]);
      expect(printed).toMatch(expected);
    }
  });

  it("serves fifty requests by one generation: fastify-service", async () => {
    const service = start(takeOut("fastify-service"), ["--port", "0"]);
    await expect.poll(service.printed).toMatch(/listens at http/);
    const [url] = /http:\S+/.exec(service.printed()) ?? [];
    const ask = (station: string) => fetch(`${url}/stations/${station}`);
    const replies = await Promise.all(Array.from({ length: 50 }, () => ask("oslo")));
    const report = { station: "oslo", mean: -2 / 3, highest: 2, measurements: 3 };
    expect(await Promise.all(replies.map((reply) => reply.json()))).toEqual(replies.map(() => report));
    expect([(await ask("atlantis")).status, (await ask("OSLO")).status]).toEqual([503, 400]);
    service.child.kill("SIGTERM");
    const { printed, exitCode } = await service.ended;
    expect([printed.match(/asks for the measurements of oslo/g)?.length, exitCode]).toEqual([1, 0]);
  });
});

test("a nightly report is shared through a bucket, and a CI that only reads has it or fails", async (context) => {
  const server = await startMoto();
  if (server === undefined) return context.skip();
  await using _ = server;
  const folder = takeOut("nightly-report");
  const env = CREDENTIALS.s3rver;
  Object.assign(process.env, env);
  const endpoint = encodeURIComponent(server.url);
  const shared = `s3://${await createBucket(server.url)}/reports?region=us-east-1&endpoint=${endpoint}&path-style=true`;
  const runOn = (machine: string, ...args: string[]) =>
    start(folder, ["--shared", shared, "--data-dir", machine, ...args], env).ended;
  const days = (count: number) => expect.stringContaining(`days: ${count},`);

  const night = await runOn("night");
  expect([night.exitCode, night.printed.match(/counts/g)?.length]).toEqual([0, 4]);
  const check = await runOn("ci", "--read-only");
  expect([check.exitCode, check.printed]).toEqual([0, days(4)]);
  expect(check.printed).not.toContain("counts");

  writeFileSync(join(folder, "sales/2026-12-01.csv"), "shop,amount\nlima,1.00\n");
  const early = await runOn("ci", "--read-only");
  expect([early.exitCode, early.printed]).toEqual([1, ""]);
  expect(early.complaints).toContain("The nightly job has not made this report yet");
  const next = await runOn("another");
  expect([next.exitCode, next.printed]).toEqual([0, days(5)]);
  expect(next.printed.match(/counts .*/g)).toEqual(["counts 2026-12-01.csv"]);
});

test("every example that can be taken out is tried here", () => {
  expect(names).toEqual([...Object.keys(said), "fastify-service", "nightly-report"].sort());
});
