import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { configDefaults, defineConfig } from "vitest/config";

const PACKAGE_TESTS = "test/package/**/*.test.ts";
/** What needs real services, or starts, kills and starves whole programs: `npm run test:programs`. */
const PROGRAM_TESTS = [
  "explorer-ui/test/*.test.ts",
  "examples/**/*.test.ts",
  "test/examples/*.test.ts",
  "test/crash/{eight-processes,exhausted,kill-loop,lease-crash,strace}.test.ts",
  "test/artifact/lease-busy-loop.test.ts",
  "test/engine/engine-conformance.test.ts",
  "test/engine/{batches,distributed-run,embedded,generating-process,kills,many-nodes,own-engine}.test.ts",
  "test/command/{other-transcripts,printed-kinds,processes,transcript-processes}.test.ts",
  "test/corruption/replaced-while-read.test.ts",
  "test/display/{closed-pipe,notebooks}.test.ts",
  "test/docs-examples.test.ts",
  "test/persistable/{canary-processes,worker}.test.ts",
  "test/runner/{read-only,run-processes}.test.ts",
  "test/models/model-processes.test.ts",
  "test/persistable/hover-texts.test.ts",
  "test/store/{azure,gcs,s3,sftp}-*.test.ts",
  "test/store/{broken-answers,bucket-store,failing-network,layered-server,throttling,two-machines}.test.ts",
];
/** Globs with commas between them: CI leaves out on further versions of Node what cannot depend on it. */
const chosenOut = (process.env.PERSISTABLE_TEST_LEFT_OUT ?? "").split(",").filter((glob) => glob !== "");
const testsBuiltPackage = process.env.PERSISTABLE_TEST_BUILT === "1";
const leftOut = [PACKAGE_TESTS, ...(testsBuiltPackage ? [] : PROGRAM_TESTS), ...chosenOut];
const entryPoints = testsBuiltPackage ? "./dist/entry/" : "./src/entry/";
const extension = testsBuiltPackage ? "js" : "ts";

function entryPoint(name: string): string {
  return fileURLToPath(new URL(`${entryPoints}${name}.${extension}`, import.meta.url));
}

async function findTests(): Promise<string[]> {
  if (!testsBuiltPackage) return ["test/**/*.test.ts", "examples/**/*.test.ts"];
  const { findFrontDoorTests } = await import("./scripts/front-door-tests.mjs");
  return findFrontDoorTests();
}

export default defineConfig({
  resolve: {
    alias: [
      { find: /^(persistable-ts|(\.\.\/)+src\/entry\/index\.ts)$/, replacement: entryPoint("index") },
      {
        find: /^(?:persistable-ts|(?:\.\.\/)+src\/entry)\/((?:(?:formats|stores|engines)\/)?[a-z-]+)(?:\.ts)?$/,
        replacement: fileURLToPath(new URL(`${entryPoints}$1.${extension}`, import.meta.url)),
      },
    ],
  },
  test: {
    globalSetup: "test/support/temporary-root.ts",
    setupFiles: ["test/support/same-start.ts"],
    // Processes, since tests change the working directory, limits and umask. Each runs many files,
    // which share what they import: importing it for every file took a quarter of the time.
    pool: "forks",
    isolate: false,
    // More than there are cores: many files wait for servers, other processes and leases.
    maxWorkers: availableParallelism() + 1,
    // No clock decides a test: this only ends what hangs, on the slowest machine too.
    testTimeout: 1_800_000,
    hookTimeout: 1_800_000,
    expect: { poll: { timeout: 600_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: "source",
          isolate: false,
          include: await findTests(),
          exclude: [...configDefaults.exclude, ...leftOut],
        },
      },
      {
        extends: true,
        test: { name: "programs", include: PROGRAM_TESTS, exclude: [...configDefaults.exclude, ...chosenOut] },
      },
      // Part of `npm run check`: they build, pack, install and bundle, and look at the site.
      {
        extends: true,
        test: { name: "package", include: [PACKAGE_TESTS], globalSetup: "test/support/pack-package.ts" },
      },
      { extends: true, test: { name: "site", include: ["site/test/*.test.ts"] } },
    ],
  },
});
