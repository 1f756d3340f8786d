import { defineConfig } from "vite";
import { oneFile } from "./build/one-file.ts";
import { thirdPartyLicenses } from "./build/third-party-licenses.ts";
import { answerFromSamples } from "./dev/answer-from-samples.ts";

const bundledFolders = new Set<string>();

/** With `--mode export`, the page is built into one file, beside the one that a server sends. */
export default defineConfig(({ command, mode }) => {
  // A build that a test starts would otherwise contain the slow React of development.
  if (command === "build") process.env.NODE_ENV = "production";
  const isOneFile = mode === "export";
  return {
    root: import.meta.dirname,
    publicDir: isOneFile ? false : "public",
    plugins: [
      answerFromSamples(),
      isOneFile ? oneFile(bundledFolders) : thirdPartyLicenses(bundledFolders, "THIRD-PARTY-LICENSES.txt"),
    ],
    worker: { format: "es", plugins: () => [thirdPartyLicenses(bundledFolders)] },
    build: {
      outDir: "../dist/explorer",
      emptyOutDir: !isOneFile,
      target: "es2022",
      // The page allows no data: URL, since its content security policy names only the server.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      cssCodeSplit: !isOneFile,
      rolldownOptions: {
        ...(isOneFile ? { input: "src/main.tsx", output: { codeSplitting: false } } : {}),
        // Libraries mark modules for React servers, of which there is none here.
        checks: { moduleLevelDirective: false },
      },
    },
  };
});
