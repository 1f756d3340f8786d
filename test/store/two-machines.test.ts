import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { fileStore } from "../../src/store/folder/file-store.ts";
import { startFaultProxy } from "../support/fault-proxy.ts";
import { brokenArtifacts } from "../support/faulty-store.ts";
import type { MachineInput, MachineLine } from "../support/machine-child.ts";
import { buildChild, type Child, startChild } from "../support/run-child.ts";
import { createBucket, startMoto, startS3rver } from "../support/servers/s3-servers.ts";
import type { TestServer } from "../support/servers/server.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

// Found by the client in the environment, as its users' are.
Object.assign(process.env, { AWS_ACCESS_KEY_ID: "S3RVER", AWS_SECRET_ACCESS_KEY: "S3RVER" });
const [moto, s3rver] = await Promise.all([startMoto(), startS3rver()]);
afterAll(() => Promise.all([moto?.close(), s3rver?.close()]));

type Got = Extract<MachineLine, { is: "got" }>;

/** Several machines, each with a folder of its own and all with one remote. */
class Machines implements AsyncDisposable {
  readonly #folder: TemporaryFolder;
  readonly #program: string;
  readonly #options: Partial<MachineInput>;
  readonly #children: Child[] = [];

  static async open(options: Partial<MachineInput> = {}): Promise<Machines> {
    return new Machines(await temporaryFolder(), await buildChild("test/support/machine-child.ts"), options);
  }

  constructor(folder: TemporaryFolder, program: string, options: Partial<MachineInput>) {
    this.#folder = folder;
    this.#program = program;
    this.#options = options;
    writeFileSync(folder.join("journal"), "");
  }

  /** The payloads that were generated, each as often as it was. */
  get generated(): string[] {
    return readFileSync(this.#folder.join("journal"), "utf8").split("\n").filter(Boolean).sort();
  }

  async start(name: string, options: Partial<MachineInput> = {}): Promise<Child> {
    const child = startChild(this.#program, {
      local: this.#folder.join(name),
      remote: this.#folder.join("remote"),
      journal: this.#folder.join("journal"),
      isExclusive: true,
      generationMs: 0,
      payloads: 1,
      isRandom: true,
      ...this.#options,
      ...options,
    } satisfies MachineInput);
    this.#children.push(child);
    await child.waitFor<MachineLine>(({ is }) => is === "ready");
    return child;
  }

  async get(child: Child): Promise<Got> {
    child.tell("go");
    const got = await child.waitFor<Got>(({ is }) => is === "got");
    await child.ended;
    return got;
  }

  async run(name: string, options?: Partial<MachineInput>): Promise<Got> {
    return this.get(await this.start(name, options));
  }

  async runTogether(names: readonly string[]): Promise<Got[]> {
    const children = await Promise.all(names.map((name) => this.start(name)));
    return Promise.all(children.map((child) => this.get(child)));
  }

  async broken(): Promise<string[]> {
    const folders = ["remote", "one", "other"].map((name) => fileStore(this.#folder.join(name)));
    return (await Promise.all(folders.map(brokenArtifacts))).flat();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.map((child) => child[Symbol.asyncDispose]()));
    await this.#folder[Symbol.asyncDispose]();
  }
}

describe("two machines and one folder", () => {
  test("one generates, and the other one loads", async () => {
    await using machines = await Machines.open({ payloads: 3 });
    const one = await machines.run("one");
    expect(await machines.run("other")).toEqual(one);
    expect(machines.generated).toEqual(["0", "1", "2"]);
    expect(await machines.broken()).toEqual([]);
  });

  test("what one has loaded is there without the remote", async () => {
    await using machines = await Machines.open();
    const one = await machines.run("one");
    await machines.run("other");
    expect(await machines.run("other", { remote: "/dev/null/nowhere" })).toEqual(one);
    expect(machines.generated).toEqual(["0"]);
  });

  test("one that only reads the remote loads from it, and keeps what it makes", async () => {
    await using machines = await Machines.open();
    const one = await machines.run("one");
    const other = await machines.run("other", { mode: "local:rw,remote:r", payloads: 2 });
    expect(other.payloads[0]).toBe(one.payloads[0]);
    await machines.run("one", { payloads: 2 });
    expect(machines.generated).toEqual(["0", "1", "1"]);
  });

  test("both at once generate once where the remote can exclude", async () => {
    await using machines = await Machines.open({ generationMs: 200, payloads: 3 });
    const [one, other] = await machines.runTogether(["one", "other"]);
    expect(other).toEqual(one);
    expect(machines.generated).toEqual(["0", "1", "2"]);
    expect(await machines.broken()).toEqual([]);
  });

  test("both at once finish with the same answer where the remote cannot exclude", async () => {
    await using machines = await Machines.open({ generationMs: 50, payloads: 5, isExclusive: false, isRandom: false });
    const [one, other] = await machines.runTogether(["one", "other"]);
    expect(one?.payloads).toEqual([0, 1, 2, 3, 4]);
    expect(other).toEqual(one);
    expect(await machines.broken()).toEqual([]);
  });

  test("both at once without a remote finish with what they have, and say how it failed", async () => {
    await using machines = await Machines.open({ remote: "/dev/null/nowhere", isRandom: false });
    for (const { payloads, failures } of await machines.runTogether(["one", "other"])) {
      expect(payloads).toEqual([0]);
      expect(failures).toBeGreaterThan(0);
    }
    expect(machines.generated).toEqual(["0", "0"]);
  });
});

describe("two machines and one bucket", () => {
  /** The URL of a new bucket, at its server or at an endpoint before it. */
  async function bucketOf(server: TestServer | undefined, endpoint = server?.url): Promise<string> {
    const bucket = await createBucket(server?.url ?? "");
    return `s3://${bucket}/team?endpoint=${encodeURIComponent(endpoint ?? "")}`;
  }

  test.skipIf(moto === undefined)("one generates, and the other one loads", async () => {
    await using machines = await Machines.open({ payloads: 2, remote: await bucketOf(moto) });
    const one = await machines.run("one");
    expect(await machines.run("other")).toEqual(one);
    expect(one.failures).toBe(0);
    expect(machines.generated).toEqual(["0", "1"]);
  });

  test.skipIf(moto === undefined)("both at once generate once where the bucket can exclude", async () => {
    await using machines = await Machines.open({ generationMs: 200, payloads: 2, remote: await bucketOf(moto) });
    const [one, other] = await machines.runTogether(["one", "other"]);
    expect(other).toEqual(one);
    expect(machines.generated).toEqual(["0", "1"]);
    expect(await machines.broken()).toEqual([]);
  });

  test.skipIf(s3rver === undefined)(
    "both at once finish with the same answer where the bucket cannot exclude",
    async () => {
      await using machines = await Machines.open({
        generationMs: 50,
        payloads: 3,
        isRandom: false,
        remote: await bucketOf(s3rver),
      });
      const [one, other] = await machines.runTogether(["one", "other"]);
      // This server writes an object in two steps, and refuses to read it between them: a failure
      // is told, and the payload comes all the same.
      expect([one?.payloads, other?.payloads]).toEqual([
        [0, 1, 2],
        [0, 1, 2],
      ]);
      expect(await machines.broken()).toEqual([]);
    },
  );

  test.skipIf(moto === undefined)("both at once finish with the same answer behind a network that fails", async () => {
    await using proxy = await startFaultProxy(moto?.port ?? 0);
    proxy.setFaults({ refuse: 0.05, lose: 0.05, cut: 0.05, reset: 0.05, delayMs: 2 });
    const remote = await bucketOf(moto, proxy.url);
    await using machines = await Machines.open({ generationMs: 50, payloads: 3, isRandom: false, remote });
    const [one, other] = await machines.runTogether(["one", "other"]);
    expect(one?.payloads).toEqual([0, 1, 2]);
    expect(other?.payloads).toEqual([0, 1, 2]);
    expect(proxy.counts.exchanges).toBeGreaterThan(20);
    expect(await machines.broken()).toEqual([]);
    proxy.setFaults({});
    expect((await machines.run("third")).payloads).toEqual([0, 1, 2]);
  });
});
