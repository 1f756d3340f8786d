import { createRequire } from "node:module";
import { definePersistable, gzip, json } from "persistable-ts";
import { z } from "zod";
import { cutPassages, type Passage } from "./cut-passages.ts";

const require = createRequire(import.meta.url);
const { version: installedVersion } = require("spdx-license-list/package.json") as { version: string };

/** The texts of all open-source licenses, cut into passages: the search looks through these. */
export const corpus = definePersistable({
  name: "corpus",
  params: z.object({
    /** The texts come from the package spdx-license-list. An update of it makes another corpus. */
    packageVersion: z.string().default(installedVersion),
    passageWords: z.int().positive().default(100),
    /**
     * The number of licenses at most, the first ones by id: few of them are enough to try things
     * out.
     */
    licenseCount: z.int().positive().default(1000),
  }),
  generate: async ({ params }): Promise<readonly Passage[]> => {
    if (params.packageVersion !== installedVersion) {
      throw new Error(
        `The corpus is that of spdx-license-list ${params.packageVersion}, and ${installedVersion} is installed. ` +
          `Run "npm install spdx-license-list@${params.packageVersion}".`,
      );
    }
    // Five megabytes of text: read when the corpus is generated, and never again.
    const { default: licenses } = await import("spdx-license-list/full.js");
    const byId = Object.entries(licenses).sort(([a], [b]) => (a < b ? -1 : 1));
    return cutPassages(byId.slice(0, params.licenseCount), params.passageWords);
  },
  format: gzip(json()),
});
