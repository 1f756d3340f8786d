import { describe, expect, it } from "vitest";
import type { BreakOffInput, BreakOffTrial } from "../support/break-off-child.ts";
import { buildChild, startChild } from "../support/run-child.ts";
import { ACCOUNT, createContainer, sasToken, startAzurite } from "../support/servers/azurite.ts";
import { startGcsDouble } from "../support/servers/gcs-double.ts";
import { createBucket, startMoto } from "../support/servers/s3-servers.ts";

Object.assign(process.env, { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" });

/** About as many as there are for one service; all of them take minutes. */
const MISHAPS = 400;
const TRIED = Number(process.env.PERSISTABLE_TEST_BROKEN_ANSWERS ?? 3);
const STEP = Math.max(1, Math.round(MISHAPS / TRIED));

describe("an answer that breaks off or stalls, at any point of any call", { timeout: 600_000 }, () => {
  /** In a process that listens to no unhandled rejection, so that one ends it. */
  async function expectNothingWrong(input: Omit<BreakOffInput, "step">): Promise<void> {
    await using child = startChild(await buildChild("test/support/break-off-child.ts"), { ...input, step: STEP });
    expect({ ended: await child.ended, complaints: child.complaints }).toMatchObject({
      ended: 0,
      complaints: expect.not.stringMatching(/Error|rejection/),
    });
    const trials = child.told as readonly BreakOffTrial[];
    expect(trials.filter(({ wrong }) => wrong !== "")).toEqual([]);
    expect(trials.at(-1)?.call).toBe("all");
    expect(new Set(trials.map(({ call }) => call)).size).toBeGreaterThan(10);
  }

  it("changes nothing for S3", async ({ skip }) => {
    const moto = await startMoto();
    if (moto === undefined) return skip();
    await using server = moto;
    await expectNothingWrong({ service: "s3", port: server.port, path: "", place: await createBucket(server.url) });
  });

  it("changes nothing for Azure", async ({ skip }) => {
    const azurite = await startAzurite();
    if (azurite === undefined) return skip();
    await using server = azurite;
    const path = `/${ACCOUNT.AZURE_STORAGE_ACCOUNT}`;
    const place = await createContainer(`${server.url}${path}`);
    // The query of a request is not signed then, so that the proxy can ask for small pages.
    process.env.AZURE_STORAGE_SAS_TOKEN = sasToken();
    await expectNothingWrong({ service: "azure", port: server.port, path, place });
  });

  it("changes nothing for Google", async () => {
    await using server = await startGcsDouble();
    await expectNothingWrong({ service: "gcs", port: server.port, path: "", place: server.createBucket() });
  });
});
