import { defineConfig } from "vite";
import { thirdPartyLicenses } from "./build/third-party-licenses.ts";
import { answerFromSamples } from "./dev/answer-from-samples.ts";

const bundledFolders = new Set<string>();

export default defineConfig(({ command }) => {
  // A build that a test starts would otherwise contain the slow React of development.
  if (command === "build") process.env.NODE_ENV = "production";
  return {
    root: import.meta.dirname,
    plugins: [answerFromSamples(), thirdPartyLicenses(bundledFolders, "THIRD-PARTY-LICENSES.txt")],
    worker: { format: "es", plugins: () => [thirdPartyLicenses(bundledFolders)] },
    build: {
      outDir: "../dist/explorer",
      emptyOutDir: true,
      target: "es2022",
      // The page allows no data: URL, since its content security policy names only the server.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      // Libraries mark modules for React servers, of which there is none here.
      rolldownOptions: { checks: { moduleLevelDirective: false } },
    },
  };
});
