import { afterAll, beforeAll, describe } from "vitest";
import { testExported } from "./exported.ts";
import { testHostileStore } from "./hostile-store.ts";
import { testLooks } from "./looks.ts";
import { testRestarts } from "./restarts.ts";
import { hasChromium, type Stage, setStage } from "./stage.ts";
import { testUse } from "./use.ts";

/** One file, since building the page and starting a browser take longer than most of the tests. */
describe.skipIf(!hasChromium)("the explorer in a browser", () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await setStage();
  });

  afterAll(async () => {
    await stage?.[Symbol.asyncDispose]();
  });

  testLooks(() => stage);
  testUse(() => stage);
  testExported(() => stage);
  testHostileStore(() => stage);
  testRestarts(() => stage);
});
