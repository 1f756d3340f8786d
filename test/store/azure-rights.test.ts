import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { azureStore } from "../../src/entry/stores/azure.ts";
import { StoreAccessError } from "../../src/errors/store-errors.ts";
import { npy } from "../../src/format/built-in/built-in-formats.ts";
import { definePersistable } from "../../src/persistable/define-persistable.ts";
import type { Store } from "../../src/store/store.ts";
import { storePath } from "../../src/store/store-path.ts";
import type { GenerateInput, GenerateLine } from "../support/generate-in-azure-child.ts";
import { buildChild, startChild } from "../support/run-child.ts";
import { ACCOUNT, createContainer, sasToken, startAzurite, type TokenOptions } from "../support/servers/azurite.ts";

const azurite = await startAzurite();
afterAll(() => azurite?.close());
const PATH = storePath("points", "a.json");
const silent = { debug() {}, info() {}, warn() {}, error() {} };

beforeEach(() => {
  for (const name of Object.keys(ACCOUNT)) vi.stubEnv(name, undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe.skipIf(azurite === undefined)("a token for Azure", () => {
  const endpoint = `${azurite?.url}/${ACCOUNT.AZURE_STORAGE_ACCOUNT}`;

  async function openWith(container: string, token: TokenOptions): Promise<Store> {
    vi.stubEnv("AZURE_STORAGE_SAS_TOKEN", sasToken(token));
    return azureStore({ container, endpoint, patience: { attempts: 3, delayMs: 1 } });
  }

  it.each([
    ["expired", { endsMs: -60_000 }, /the SAS token expired at \d{4}-\d\d-\d\dT.* \(AZURE_STORAGE_SAS_TOKEN\)/],
    ["of tomorrow", { startsMs: 3_000_000 }, /the SAS token is valid only from \d{4}-\d\d-\d\dT/],
    ["without the right", { rights: "l" }, /the SAS token gives the rights "l", of which a store needs r \(read\)/],
  ] as const)("that is %s is named as what is wrong", async (_, token, message) => {
    const store = await openWith(await createContainer(endpoint), token);
    const error = await store.read(PATH).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StoreAccessError);
    expect(String(error)).toMatch(message);
    expect(String(error)).not.toMatch(/sig=/);
  });

  describe("that may write and remove nothing", () => {
    let count = 0;
    const value = definePersistable({ name: "value", generate: () => ({ text: `${++count}`.repeat(10_000) }) });
    const numbers = definePersistable({
      name: "numbers",
      format: npy(),
      generate: () => Float64Array.of(++count, ...new Float64Array(5000)),
    });

    it("lets the next one generate at once, in the same process", async () => {
      const container = await createContainer(endpoint);
      const types: string[] = [];
      for (let round = 0; round < 3; round++) {
        // A store object of its own each time.
        const dataDir = await openWith(container, { rights: "rcwl" });
        await value({}, { dataDir, logger: silent, onEvent: ({ type }) => void types.push(type) }).generate();
      }
      expect(types.filter((type) => type === "generated").length).toBe(3);
      for (const type of ["waiting", "takeover"]) expect(types).not.toContain(type);
      const found = await value({}, { dataDir: await openWith(container, { rights: "rl" }), logger: silent }).load();
      expect(found.text.startsWith(`${count}`)).toBe(true);
    });

    it("lets the next process generate at once", async () => {
      const container = await createContainer(endpoint);
      vi.stubEnv("AZURE_STORAGE_SAS_TOKEN", sasToken({ rights: "rcwl" }));
      const program = await buildChild("test/support/generate-in-azure-child.ts");
      for (let round = 0; round < 3; round++) {
        await using child = startChild(program, { container, endpoint } satisfies GenerateInput);
        expect({ ended: await child.ended, complaints: child.complaints }).toEqual({ ended: 0, complaints: "" });
        const [types = []] = child.told as readonly GenerateLine[];
        expect(types).toContain("generated");
        for (const type of ["waiting", "takeover"]) expect(types).not.toContain(type);
      }
    });

    it.each([
      ["small", value],
      ["in a file of its own", numbers],
    ] as const)("generates again what is damaged: %s", async (_, definition) => {
      const container = await createContainer(endpoint);
      const whole = await openWith(container, {});
      await definition({}, { dataDir: whole, logger: silent }).payload;
      for await (const { path } of whole.list("")) {
        const bytes = await whole.read(path);
        if (bytes === undefined || path.startsWith(".")) continue;
        const flipped = Uint8Array.from(bytes);
        const last = flipped.length - 20;
        flipped[last] = (flipped[last] ?? 0) ^ 1;
        if (!path.endsWith(".json") || definition === value) await whole.replace(path, [flipped]);
      }
      const before = count;
      const dataDir = await openWith(container, { rights: "rcwl" });
      await definition({}, { dataDir, logger: silent }).loadOrGenerate();
      expect(count).toBe(before + 1);
      const again = await openWith(container, { rights: "rl" });
      await definition({}, { dataDir: again, logger: silent }).load();
      expect(count).toBe(before + 1);
    });
  });
});
