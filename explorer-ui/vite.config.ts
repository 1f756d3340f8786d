import { defineConfig } from "vite";
import { answerFromSamples } from "./dev/answer-from-samples.ts";

export default defineConfig({
  root: import.meta.dirname,
  plugins: [answerFromSamples()],
  build: {
    outDir: "../dist/explorer",
    emptyOutDir: true,
    target: "es2022",
    // The page allows no data: URL, since its content security policy names only the server.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: "THIRD-PARTY-LICENSES.txt" },
    // Libraries mark modules for React servers, of which there is none here.
    rolldownOptions: { checks: { moduleLevelDirective: false } },
  },
});
